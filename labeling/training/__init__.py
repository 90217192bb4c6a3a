"""Teaching: tutorial, field guide, reference images, practice, and their editing."""
