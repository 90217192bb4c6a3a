"""The drawing page, pages of a volunteer's own labels, and the managers' page for rover masks."""
