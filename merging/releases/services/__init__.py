"""From a request to an archive: snapshots, parts, assembly, publishing."""
