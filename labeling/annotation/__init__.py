"""Labels: who gets which image, drafts, corrections, the drawing page and its API."""
