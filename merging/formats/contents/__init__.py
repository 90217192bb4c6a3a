"""What a release says of itself and of its images, before it is bytes."""
