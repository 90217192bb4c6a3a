"""What the review app does across several rows: one module per noun."""
