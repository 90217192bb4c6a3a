"""Agreement scores of labels, their distribution, and what ratings say of them."""
