"""The review queue and its leases, ratings, bulk ratings, records of labelers."""
