"""Classes, tutorial and rules of new campaigns. Pure data."""
