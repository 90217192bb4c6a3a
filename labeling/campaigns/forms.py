"""What people fill in: imports, a campaign and its rules, feedback."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign


class CampaignForm(forms.ModelForm):
    """A campaign and its rules, in the words of the campaign's page."""

    class Meta:
        model = Campaign
        fields = "__all__"
        labels = {
            "slug": _("Name in addresses"),
            "name": _("Name"),
            "description": _("Description"),
            "is_open": _("Open"),
            "target_labels": _("Labels per picture"),
            "range_limit_m": _("Farthest ground (meters)"),
            "range_rule": _("How farther ground is cut off"),
            "allowed_cameras": _("Further cameras"),
            "scale_bar_m": _("Scale bar (meters)"),
            "queue_percent": _("Review queue (percent)"),
            "merge_minimum": _("Merge: at least"),
            "merge_percent": _("Merge: more than (percent)"),
            "nothing_minimum": _("Nothing to label"),
            "practice": _("Practice"),
            "practice_pass_iou": _("Practice is passed from"),
            "reference_image_percent": _("Practice pictures, later (percent)"),
            "allow_gold_practice": _("Gold pictures may serve as practice"),
        }
        help_texts = {
            "is_open": _("Volunteers can draw in it, once it has pictures and classes."),
            "target_labels": _("A picture is done when it has this many."),
            "range_limit_m": _(
                "Beyond it there is no need to label. It cannot change once there are pictures."
            ),
            "range_rule": _("It cannot change once there are pictures."),
            "allowed_cameras": _('Taken besides the usual ones, such as ["pancam", "hazcam"].'),
            "scale_bar_m": _(
                "What is smaller need not be labeled. Empty: 50 cm, for Spirit and Opportunity "
                "20 cm. It cannot change once there are pictures."
            ),
            "queue_percent": _("This share of all labels, those that agree least, is reviewed."),
            "merge_minimum": _(
                "At least this many people must have chosen the class of a pixel. It cannot be "
                "more than the labels per picture."
            ),
            "merge_percent": _("This share of those who labeled the pixel must have chosen it."),
            "nothing_minimum": _("A picture is set aside when this many people say so."),
            "practice": _("A few pictures with a reference answer, before the first real one."),
            "practice_pass_iou": _(
                "How near to the reference answer a drawing must be: 0 to 1 (mean IoU)."
            ),
            "reference_image_percent": _("Of all pictures given out; 0 is never."),
            "allow_gold_practice": "",
        }
