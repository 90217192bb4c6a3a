"""What a new campaign teaches, until its managers change it. Pure data."""
