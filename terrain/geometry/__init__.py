"""Polygons: regions and their JSON, cleaning and its cost, areas of masks, SVG outlines."""
