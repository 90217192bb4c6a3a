"""Verification of a release: its checksums, its masks, and its masks merged again from its labels.

It needs only the files, so everybody who has a release can verify it. A tree from elsewhere,
without manifest and labels, is verified as far as possible. `plan` finds what to verify. `sums`
verifies it by file, `images` and `recomputed` by image.
"""
