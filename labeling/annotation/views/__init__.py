"""The drawing page, and the pages of a volunteer's own labels."""
