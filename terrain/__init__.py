"""The science of AI4Mars as a library: NumPy arrays in, NumPy arrays out.

It needs the standard library, numpy, scipy, shapely and rasterio. It has no Django, no files, no
clock and no hidden randomness, which `make check` enforces: whatever is random takes a seed. So it
can be imported and used without the site:

    >>> import numpy as np
    >>> from terrain.aggregation.majority import PAPER_RULE, merge_masks
    >>> from terrain.geometry.regions import regions_from_json
    >>> from terrain.masks import rasterize_regions
    >>> stored = [{"class": 2, "rings": [[[0, 0], [3, 0], [3, 2], [0, 2]]]}]
    >>> drawn = rasterize_regions(regions_from_json(stored), height=2, width=4)
    >>> drawn
    array([[  2,   2,   2, 255],
           [  2,   2,   2, 255]], dtype=uint8)
    >>> merged = merge_masks([drawn, drawn, drawn], (0, 1, 2, 3), PAPER_RULE, shape=(2, 4))
    >>> np.array_equal(merged, drawn)
    True

Three forms of one label: regions (`geometry`), a mask (`masks`) and packed bit planes
(`bitplanes`). Points are `(x, y)` in pixels, masks `[row, col]`, uint8, and 255 (`masks.NO_LABEL`)
is no label. Definitions and equations are in docs/METHODS.md.

    geometry     polygons: JSON, repair, clipping, areas of a mask, SVG outlines
    masks, bitplanes, postprocess, camera, orbital_classes, tables
    display      from a rover's frame to what a volunteer sees
    metrics      masks compared with masks: one contingency table under all figures
    agreement    agreement scores of the labels of one image
    skill        skill of labelers (Dawid & Skene 1979)
    aggregation  merging of labels into one mask; the gold set
    projection   images and masks seen from straight above
"""
