"""Verification of a release: its checksums, its masks, and the masks that its labels give.

It needs only the files, so everybody who has a release can verify it. A tree by others, without
manifest and labels, is verified as far as possible. `plan` finds what to verify. `sums`, `images`
and `recomputed` verify it, by file and by image.
"""
