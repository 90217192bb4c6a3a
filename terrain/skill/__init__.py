"""Skill of labelers, estimated by expectation maximization (Dawid & Skene 1979)."""
