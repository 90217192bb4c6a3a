"""What the labeling app does across several rows: one module per noun."""
