"""The gold set: plans, the progress of experts, and the expert consensus meeting (paper 3.1)."""
