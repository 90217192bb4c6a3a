"""All campaigns and one: progress, and deleting a campaign."""
