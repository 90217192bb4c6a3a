"""Pages that compare merge methods, and show the crowd's result on an image."""
