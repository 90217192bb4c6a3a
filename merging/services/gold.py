"""The gold masks at work: as known answers to learn on."""

from __future__ import annotations

from labeling.models import Image, KnownAnswer
from labeling.pictures import read_mask
from labeling.services import known_answers
from merging.services import merges


def known_answer(image: Image) -> KnownAnswer:
    """Make the gold mask of an image its known answer, where the campaign allows that.

    Taken are pixels that at least two experts labeled and all of these agree on; the rest is not
    judged. The image stays gold. Raises `known_answers.AnswerRefused`.
    """
    merged = merges.merge_image(image.pk)["gold-min2"]
    with merged.mask.open("rb") as file:
        return known_answers.set_answer(image, read_mask(file), KnownAnswer.Source.GOLD)
