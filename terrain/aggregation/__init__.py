"""Many labels of an image become one mask; which images and experts make the gold set."""
