"""The filter with which templates write percentages."""

from __future__ import annotations

from django import template

from ai4mars_site.toolkit.percentages import percentage

register = template.Library()

register.filter("percent", percentage)
