"""Synthetic Mars: scenes whose truth is known, and volunteers who draw on them."""
