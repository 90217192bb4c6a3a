"""Pages of the gold set, of a plan, and of the expert consensus meeting."""
