"""Whether a release is whole and true: its sums, its masks, and what its labels come to.

Only the files are asked, so anybody who has a release can check it. A tree of other makers, which
has neither manifest nor labels, is checked for what can be known of it. `plan` finds what there is
to check; `sums`, `images` and `recomputed` check it, file by file and image by image.
"""
