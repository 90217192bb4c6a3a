"""Creating campaigns, and counting their progress."""
