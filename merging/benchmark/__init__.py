"""The benchmark of a release: predictions that are sent in, compared and ranked."""
