"""The gold set: its plan, its experts, their expert consensus meeting (paper 3.1)."""
