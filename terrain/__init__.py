"""The science of AI4Mars as a library: NumPy arrays in, NumPy arrays out.

No Django, no files, no clock, no hidden randomness (`make check` enforces it). Points are `(x, y)`,
masks `[row, col]`; definitions are in docs/METHODS.md.
"""
