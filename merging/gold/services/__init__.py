"""Gold plans, experts, their progress, and their consensus meeting."""
