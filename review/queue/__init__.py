"""The review queue: which labels reviewers see, and their ratings."""
