"""Pages to learn on, and pages to edit their content."""
