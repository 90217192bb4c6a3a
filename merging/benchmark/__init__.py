"""The benchmark of a release: submissions, their comparison, and the model leaderboard."""
