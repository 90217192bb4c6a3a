"""Pages of imports and of curation, and the files of images."""
