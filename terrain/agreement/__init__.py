"""How well the labels of one image agree (paper 3.1.3), and how scores relate to ratings."""
