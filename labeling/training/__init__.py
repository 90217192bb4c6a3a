"""Training: tutorial, field guide, reference images, practice, and the pages to edit them."""
