"""Masks compared with masks: confusion, IoU, differences."""
