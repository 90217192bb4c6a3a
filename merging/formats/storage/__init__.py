"""Storage of release files: pieces by content, checksums, archives."""
