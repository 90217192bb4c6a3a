"""Services for gold plans, experts, their progress, and the expert consensus meeting."""
