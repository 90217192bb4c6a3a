"""Images: reading them from files, preparing and storing them, and curating them."""
