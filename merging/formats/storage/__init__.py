"""How files of releases are kept: pieces by content, checksums, archives."""
