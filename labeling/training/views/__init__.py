"""Pages to learn on, and pages to edit what they teach."""
