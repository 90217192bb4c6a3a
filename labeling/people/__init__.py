"""People: labelers, visitors without an account, permissions, erasing."""
