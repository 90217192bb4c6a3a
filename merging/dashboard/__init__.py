"""Pages of all campaigns and of one: progress, and deleting a campaign."""
