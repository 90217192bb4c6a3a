"""From a rover's frame to what a volunteer sees: tone, range limit, scale bar (paper 3, 3.1.1)."""
