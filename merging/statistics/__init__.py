"""Statistics of campaigns and releases."""
