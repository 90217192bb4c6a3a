"""Comparisons of masks: IoU, accuracy, kappa and confusion, from one contingency table."""
