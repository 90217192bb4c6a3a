"""What people say: reports of images, and feedback about the site."""
