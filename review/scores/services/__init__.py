"""Scoring, the distribution of scores, the queue's threshold, validity."""
