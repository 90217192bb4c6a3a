"""Pages to give feedback, to read it, and to decide on reported images."""
