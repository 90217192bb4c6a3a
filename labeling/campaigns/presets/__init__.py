"""Classes, tutorial and rules that a new campaign starts with. Pure."""
