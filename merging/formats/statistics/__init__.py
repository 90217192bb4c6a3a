"""Statistics of a release: counts, tables, and counting a tree."""
