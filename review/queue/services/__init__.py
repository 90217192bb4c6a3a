"""The queue and its leases, ratings, bulk ratings, records of labelers."""
