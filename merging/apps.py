from django.apps import AppConfig


class MergingConfig(AppConfig):
    name = "merging"
    default_auto_field = "django.db.models.BigAutoField"
