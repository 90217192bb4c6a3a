"""Agreement scores of labels, their distribution, and how well they predict ratings."""
