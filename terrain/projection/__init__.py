"""Images and masks seen from straight above, and cut into tiles (paper 4.2)."""
