"""How well the labels of one image agree (paper 3.1.3), and what their scores tell."""
