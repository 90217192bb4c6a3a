"""Pictures of the tutorial, the field guide and the landing page."""
