"""Creating campaigns, and counting how far they are."""
