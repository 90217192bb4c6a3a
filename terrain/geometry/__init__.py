"""Polygons: regions and their JSON, repair and clipping, what that costs, SVG outlines."""
