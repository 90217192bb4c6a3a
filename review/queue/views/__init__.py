"""The review page, bulk rating, and the reviewer's own ratings."""
