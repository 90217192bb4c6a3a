"""The form for a campaign and its rules."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign


class CampaignForm(forms.ModelForm):
    """A campaign and its rules."""

    class Meta:
        model = Campaign
        fields = "__all__"
        labels = {
            "slug": _("Short name for page addresses"),
            "name": _("Name"),
            "description": _("Description"),
            "is_open": _("Open"),
            "target_labels": _("Labels per image"),
            "range_limit_m": _("Range limit (meters)"),
            "range_rule": _("How the range limit is applied"),
            "allowed_cameras": _("More cameras"),
            "scale_bar_m": _("Scale bar (meters)"),
            "queue_percent": _("Labels to review (percent)"),
            "merge_minimum": _("Merging: minimum votes"),
            "merge_percent": _("Merging: share of votes above (percent)"),
            "nothing_minimum": _("Nothing to label"),
            "practice": _("Practice"),
            "practice_pass_iou": _("Score to pass practice (mean IoU)"),
            "reference_image_percent": _("Reference images among real images (percent)"),
            "allow_gold_practice": _("Use gold images for practice"),
            "translations": _("Translations"),
        }
        help_texts = {
            "is_open": _("Volunteers can draw in it once it has images and classes."),
            "target_labels": _("An image is complete when it has this many labels."),
            "range_limit_m": _(
                "Ground farther away need not be labeled. This setting cannot change once the "
                "campaign has images."
            ),
            "range_rule": _("This setting cannot change once the campaign has images."),
            "allowed_cameras": _(
                'Cameras to import in addition to the usual ones, such as ["pancam", "hazcam"].'
            ),
            "scale_bar_m": _(
                "Smaller things need not be labeled. If empty: 50 cm, or 20 cm for Spirit and "
                "Opportunity. This setting cannot change once the campaign has images."
            ),
            "queue_percent": _(
                "The share of all labels to review: those with the lowest agreement."
            ),
            "merge_minimum": _(
                "At least this many people must have chosen the class of a pixel. It cannot be "
                "more than the labels per image."
            ),
            "merge_percent": _(
                "More than this share of the people who labeled the pixel must "
                "have chosen its class."
            ),
            "nothing_minimum": _("An image is set aside when this many people report it."),
            "practice": _("A few reference images before the first real image."),
            "practice_pass_iou": _(
                "How well a drawing must match the reference answer: 0 to 1 (mean IoU)."
            ),
            "reference_image_percent": _("Share of all images given out. 0 means none."),
            "allow_gold_practice": "",
            "translations": _(
                'Name and description in other languages, as {"es": {"name": "...", '
                '"description": "..."}}. Without them, all readers see the ones above.'
            ),
        }
