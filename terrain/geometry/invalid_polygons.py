"""Why polygons cannot be a label."""


class InvalidPolygons(ValueError):
    """The polygons cannot be a label; the sentence says which region and what to do.

    ``sentence`` is a literal with ``%(name)s`` places for ``values``: whoever answers to people can
    look its translation up before the values are filled in. The message has them filled in.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


class TooManyPoints(InvalidPolygons):
    """More regions, outlines or points than a label may have."""


class TooTangled(InvalidPolygons):
    """Outlines that cross each other or lie on top of each other too often to be cleaned."""
