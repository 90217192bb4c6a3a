"""Display images of a rover's frames: tone, range limit, scale bar (paper 3, 3.1.1)."""
