"""The training content of a new campaign, until its managers change it. Pure data."""
