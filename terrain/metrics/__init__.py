"""Masks compared with masks: IoU, accuracy, kappa, confusion, all from one contingency table."""
