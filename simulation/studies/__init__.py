"""Studies that compare scores, skill and merge methods with known ground truth. Pure."""
