"""How well each labeler tells the classes apart, by expectation maximization (Dawid-Skene)."""
