"""Synthetic Mars: a development tool that makes scenes whose truth is known, and draws on them.

scenes, volunteers and studies are pure; lessons draws the pictures that are shipped; demo and
training_trees put scenes through the services and formats of the apps.
"""
