"""What the drawing page sends and asks for."""
