"""Gold masks as reference answers."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import independence
from labeling.images.preparation.pictures import read_mask
from labeling.models import Assignment, Image, ReferenceAnswer, Role
from labeling.training.services import reference_answers
from merging.masks.services import merges


def set_reference_answer(actor: Actor, image: Image) -> ReferenceAnswer:
    """Make the gold mask of an image its reference answer.

    The answer has the pixels that at least two experts labeled, all with the same class; the others
    are not compared. The image stays gold. Volunteers see its answer, so experts who skipped it can
    no longer label it.

    Raises:
        reference_answers.AnswerRefused: An expert has the image open, the campaign does not allow
            practice on gold images, or `reference_answers.set_answer` refuses the image.
    """
    experts = Assignment.objects.filter(image=image, role=Role.EXPERT).select_related("labeler")
    if experts.open().exists():
        raise reference_answers.AnswerRefused(
            _(
                "An expert still has to label %(picture)s independently, so its answer cannot be "
                "shown yet."
            )
            % {"picture": image.product_id}
        )
    merged = merges.merge_image(image.pk)["gold-min2"]
    with merged.mask.open("rb") as file, transaction.atomic():
        answer = reference_answers.set_answer(
            actor, image, read_mask(file), ReferenceAnswer.Source.GOLD
        )
        for assignment in experts:
            independence.give_up(actor, assignment)
    return answer
