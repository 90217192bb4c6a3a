"""Errors for polygons that cannot be a label."""


class InvalidPolygons(ValueError):
    """The polygons cannot be a label; the message names the region and what to do.

    ``sentence`` has ``%(name)s`` placeholders for ``values``, so that it can be translated before
    the values are filled in. The exception's message has them filled in.

    >>> str(InvalidPolygons("Region %(region)d has no rings.", region=2))
    'Region 2 has no rings.'
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


class TooManyPoints(InvalidPolygons):
    """The label has more regions, outlines or points than are allowed."""


class TooTangled(InvalidPolygons):
    """The outlines cross or overlap each other too often to be cleaned in reasonable time."""
