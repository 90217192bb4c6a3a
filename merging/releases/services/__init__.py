"""Services for releases: requests, snapshots, parts, assembly, publishing."""
