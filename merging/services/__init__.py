"""What the merging app does across several rows: one module per noun."""
