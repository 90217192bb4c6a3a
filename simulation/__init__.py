"""Synthetic Mars: scenes with known ground truth and simulated volunteers, for development.

`scenes`, `volunteers` and `studies` are pure. `lessons` draws the pictures of the tutorial. `demo`
and `training_trees` pass scenes through the services and formats of the apps.
"""
