"""A release's statistics: counts, tables, and counting a tree."""
