"""The contents of a release and of its images, before they are written."""
