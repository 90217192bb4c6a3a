"""Releases: requested, built part by part, published, downloaded."""
