from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "ai4mars_site"
    verbose_name = "AI4Mars"
