"""The gold set: its plan, its experts, their consensus meeting (paper 3.1)."""
