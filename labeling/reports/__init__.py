"""Reports on images, and feedback about the site."""
