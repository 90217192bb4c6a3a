"""All settings, read from the environment. Unsafe or missing settings stop the start.

No variable is needed for development: all data is then kept under AI4MARS_HOME (`var/`).
AI4MARS_ENV=production requires what a site on the internet needs and reports what is missing.
docs/SETTINGS.md lists every variable; add new ones there too.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from ai4mars_site.serving.embedded import celery_broker_url, embedded_redis_url
from ai4mars_site.serving.logs import shorten_mistakes
from ai4mars_site.serving.private import private_file, private_folder, restrict_to_owner

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent

ENVIRONMENT = env.str("AI4MARS_ENV", default="development")
if ENVIRONMENT not in {"development", "production"}:
    raise ImproperlyConfigured(
        f"AI4MARS_ENV is {ENVIRONMENT!r}. Set it to 'development' or 'production'."
    )
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False)

# -- folders -------------------------------------------------------------------------------------

AI4MARS_HOME = Path(env.str("AI4MARS_HOME", default=str(BASE_DIR / "var"))).expanduser().resolve()
RUN_DIR = AI4MARS_HOME / "run"
MEDIA_ROOT = str(AI4MARS_HOME / "media")
MEDIA_URL = "/media/"
# Other users of the machine cannot read the first of these folders.
for folder in (AI4MARS_HOME, RUN_DIR, Path(MEDIA_ROOT)):
    private_folder(folder)
for name in ("secret_key", "demo_logins.txt"):
    restrict_to_owner(AI4MARS_HOME / name)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700


def _development_secret_key(path: Path) -> str:
    """Return the key stored in `path`; create it once, safely for processes that start together."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)  # fails if another process was faster: then its key is used
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


# -- security ------------------------------------------------------------------------------------

# Number of reverse proxies in front, whose headers give the visitor's address and scheme. At 0
# these headers are ignored, because anybody could send them.
PROXIES = env.int("AI4MARS_PROXIES", default=0)

SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])


def _unsafe_in_production() -> list[str]:
    """Return the settings that are unsafe on the internet, as sentences that say what to change."""
    found = []
    if DEBUG:
        found.append("DEBUG is on, which shows the program's insides to visitors: remove it.")
    if len(SECRET_KEY) < 32:
        found.append("SECRET_KEY is missing or shorter than 32 characters: set a long random one.")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        found.append("ALLOWED_HOSTS must name the site's host names, separated by commas.")
    if not CSRF_TRUSTED_ORIGINS or not all(
        origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS
    ):
        found.append(
            "CSRF_TRUSTED_ORIGINS must name the site's addresses, each beginning with https://."
        )
    return found


if PRODUCTION:
    if problems := _unsafe_in_production():
        raise ImproperlyConfigured(
            "AI4Mars does not start in production like this. " + " ".join(problems)
        )
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = env.int("AI4MARS_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    # Load balancers request it from inside, over plain HTTP.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
elif not SECRET_KEY:
    SECRET_KEY = _development_secret_key(AI4MARS_HOME / "secret_key")

if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = 365 * 24 * 60 * 60  # this cookie is all that identifies a guest
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_AGE = SESSION_COOKIE_AGE
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        # blob: pages read files again that they have loaded before.
        "connect-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Archives of images: the largest content, and the largest upload through the page.
ARCHIVE_MAX_MEMBERS = env.int("AI4MARS_ARCHIVE_MAX_MEMBERS", default=350_000)
ARCHIVE_MAX_BYTES = env.int("AI4MARS_ARCHIVE_MAX_BYTES", default=400 * 10**9)
IMPORT_UPLOAD_MAX_BYTES = env.int("AI4MARS_UPLOAD_MAX_BYTES", default=4 * 1024**3)
# Folders of the server that imports from the page may read; None (development): all folders.
IMPORT_FOLDERS: list[str] | None = env.list("AI4MARS_IMPORT_FOLDERS", default=[])
if not (PRODUCTION or IMPORT_FOLDERS):
    IMPORT_FOLDERS = None
# Predictions for a release's leaderboard, as sent and as unpacked: the gold set has some hundred
# masks of a few kilobytes each.
PREDICTIONS_UPLOAD_MAX_BYTES = env.int("AI4MARS_PREDICTIONS_MAX_BYTES", default=512 * 1024**2)
PREDICTIONS_MAX_MEMBERS = 20_000
PREDICTIONS_MAX_BYTES = 4 * 1024**3
PREDICTIONS_MAX_FILE_BYTES = 64 * 1024**2
# A label of a thousand long outlines is below 2 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# -- the application -----------------------------------------------------------------------------

INSTALLED_APPS = [
    "ai4mars_site",
    "labeling",
    "review",
    "merging",
    "allauth",
    "allauth.account",
    "rest_framework",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
# Simulated scenes, volunteers and the demo campaign, for development and tests.
if not PRODUCTION:
    INSTALLED_APPS.append("simulation")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ai4mars_site.toolkit.refusals.RefusalMiddleware",
    "labeling.campaigns.former_addresses.FormerAddresses",
]

ROOT_URLCONF = "ai4mars_site.urls"
WSGI_APPLICATION = "ai4mars_site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ai4mars_site.navigation.nav",
                "ai4mars_site.version.software",
            ]
        },
    }
]

# Tasks that `labeling` enqueues, by name, when it has processed the labels of an image. They are
# set here because `labeling` must not import the apps above it.
AFTER_LABELS_PROCESSED = ["review.scores.tasks.score_image"]

# -- database ------------------------------------------------------------------------------------

DATABASE: dict[str, Any]
if env.str("DATABASE_URL", default=""):
    DATABASE = env.db_url("DATABASE_URL")
else:
    # SQLite gives its auxiliary files the same mode as the database file.
    embedded_database = private_file(AI4MARS_HOME / "ai4mars.sqlite3")
    for ending in ("-wal", "-shm"):
        restrict_to_owner(embedded_database.with_name(embedded_database.name + ending))
    DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(embedded_database)}
DATABASE["CONN_MAX_AGE"] = 60
DATABASE["CONN_HEALTH_CHECKS"] = True
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    DATABASE.setdefault("OPTIONS", {}).update(
        {
            # Take the write lock when a transaction begins: one that reads first and writes later
            # cannot wait for another writer and fails at once ("database is locked").
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # Readers and the one writer do not wait for each other; a power cut can lose the last
            # transactions but not damage the file (sqlite.org/pragma.html#pragma_synchronous).
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    )
DATABASES = {"default": DATABASE}

# -- broker, workers and cache -------------------------------------------------------------------

# `manage.py serve` sets both for the processes it starts. Without them a command still reaches the
# broker of a running `serve` through its socket, and needs no cache server.
REDIS_URL = env.str("REDIS_URL", default="")
CACHE_URL = env.str("CACHE_URL", default=REDIS_URL)

if CACHE_URL:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "ai4mars_site.toolkit.cache.TolerantRedisCache",
            "LOCATION": CACHE_URL,
            "KEY_PREFIX": "ai4mars",
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
#: Bit planes of labels are cached only in a shared cache: a single process that scores a campaign
#: reads each image once and would gain nothing.
KEEP_PLANES = bool(CACHE_URL)

CELERY_BROKER_URL = celery_broker_url(REDIS_URL or embedded_redis_url(AI4MARS_HOME))
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 1.0,
    # Kombu would retry after 2 s, and the request that sends a message would wait.
    "max_retries": 0,
    # The message of a killed worker is delivered again after this many seconds. This must be longer
    # than a task may run, or the task would run twice at once.
    "visibility_timeout": 900,
    "global_keyprefix": "ai4mars:",
}
CELERY_BROKER_CONNECTION_TIMEOUT = 1.0
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(RUN_DIR / "beat-schedule")

# The sweeps find work whose message was lost. A sweep that no worker took in time is dropped,
# because the next one does the same.
SWEEP_SECONDS = env.float("AI4MARS_SWEEP_SECONDS", default=30.0)
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {"task": name, "schedule": seconds, "options": {"expires": seconds}}
    for name, seconds in [
        ("labeling.annotation.tasks.sweep_labels", SWEEP_SECONDS),
        # A killed import resumes within half a minute (`labeling.models.imports`).
        ("labeling.images.tasks.sweep_imports", SWEEP_SECONDS / 3),
        ("labeling.annotation.tasks.sweep_rover_masks", 2 * SWEEP_SECONDS),
        ("labeling.annotation.tasks.sweep_drafts", 60 * SWEEP_SECONDS),
        ("labeling.campaigns.tasks.sweep_figures", 2 * SWEEP_SECONDS),
        ("labeling.reports.tasks.sweep_reports", 2 * SWEEP_SECONDS),
        ("review.scores.tasks.sweep_scores", SWEEP_SECONDS),
        ("merging.releases.tasks.sweep_releases", 2 * SWEEP_SECONDS),
        ("merging.benchmark.tasks.sweep_submissions", SWEEP_SECONDS),
        ("merging.masks.tasks.sweep_merges", 2 * SWEEP_SECONDS),
    ]
}
# Once a night: skill changes slowly, and its estimate reads all labels of a campaign.
CELERY_BEAT_SCHEDULE["review.skill.tasks.sweep_skill"] = {
    "task": "review.skill.tasks.sweep_skill",
    "schedule": crontab(hour=3, minute=40),
    "options": {"expires": 3600.0},
}
CELERY_BEAT_SCHEDULE["labeling.images.tasks.sweep_files"] = {
    "task": "labeling.images.tasks.sweep_files",
    "schedule": crontab(hour=4, minute=10),
    "options": {"expires": 3600.0},
}
for name, minute in [
    ("labeling.people.tasks.sweep_guests", 0),
    ("labeling.people.tasks.sweep_sessions", 10),
]:
    CELERY_BEAT_SCHEDULE[name] = {
        "task": name,
        "schedule": crontab(hour=4, minute=minute),
        "options": {"expires": 3600.0},
    }
CELERY_BEAT_SCHEDULE["merging.releases.tasks.sweep_released_files"] = {
    "task": "merging.releases.tasks.sweep_released_files",
    "schedule": crontab(hour=4, minute=20),
    "options": {"expires": 3600.0},
}

# -- accounts ------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in [
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    ]
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_ADAPTER = "ai4mars_site.accounts.AccountAdapter"
ACCOUNT_RATE_LIMITS = {
    # "key" is the account together with the address: guesses from elsewhere lock nobody out.
    "login_failed": "10/m/ip,5/5m/key",
    # From all addresses together, except browsers in which the account has logged in before.
    "login_failed_everywhere": "100/h/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES

# Mail is used for forgotten passwords; without a mail server it is written to the log.
MAIL_SERVER = env.str("EMAIL_URL", default="")
EMAIL_URL = env.email_url_config(MAIL_SERVER or "consolemail://")
EMAIL_BACKEND = EMAIL_URL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_URL["EMAIL_HOST"]
EMAIL_PORT = EMAIL_URL["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_URL["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_URL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_URL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_URL.get("EMAIL_USE_SSL", False)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="ai4mars@localhost")
# Without mail nobody can confirm an address.
ACCOUNT_EMAIL_VERIFICATION = "optional" if MAIL_SERVER else "none"

# -- API -----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ai4mars_site.toolkit.parsers.BoundedJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    # Per address and per account. A fast labeler sends about ten requests a minute, a
    # class of pupils behind one address some hundreds.
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("AI4MARS_THROTTLE_ANON", default="600/min"),
        "user": env.str("AI4MARS_THROTTLE_USER", default="600/min"),
        # Drafts are limited separately, per labeler: the page saves at most once every 1.5 seconds.
        "drafts": env.str("AI4MARS_THROTTLE_DRAFTS", default="120/min"),
        # Per account: one set of predictions keeps a worker busy for a minute.
        "predictions": env.str("AI4MARS_THROTTLE_PREDICTIONS", default="20/day"),
        "feedback": env.str("AI4MARS_THROTTLE_FEEDBACK", default="60/hour"),
        # Per address: new guests, each created by a visitor's first save. A school has a few.
        "guests": env.str("AI4MARS_THROTTLE_GUESTS", default="300/hour"),
    },
    "EXCEPTION_HANDLER": "ai4mars_site.toolkit.refusals.exception_handler",
    "NUM_PROXIES": PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# Bytes of drafts on the server. A guest usually has about three, of some kilobytes each; one draft
# may have 5 MB, the limit of a request. An account may keep ten times as many.
DRAFTS_PER_GUEST = env.int("AI4MARS_DRAFTS_PER_GUEST", default=20)
DRAFT_BYTES_PER_GUEST = env.int("AI4MARS_DRAFT_BYTES_PER_GUEST", default=8 * 1024**2)
# Bytes by which the drafts of guests at one address may grow in an hour: enough for 100 pupils.
DRAFT_BYTES_PER_ADDRESS = env.int("AI4MARS_DRAFT_BYTES_PER_ADDRESS", default=64 * 1024**2)

# -- languages and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Each language needs a complete locale/<code>/LC_MESSAGES/django.po; a test checks it.
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- static files and media ----------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [
    (name, BASE_DIR / "static" / name)
    for name in ("dist", "img")
    if (BASE_DIR / "static" / name).is_dir()
]
# Development serves the files in place. Production serves the copies of `collectstatic`, whose
# hashed names browsers may cache forever.
STATIC_ROOT = str(AI4MARS_HOME / "static") if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# -- logging -------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "ai4mars_site.serving.logs.OneLineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "filters": {
        "mistakes": {
            "()": "django.utils.log.CallbackFilter",
            "callback": shorten_mistakes,
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["mistakes"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO").upper()},
    # Django's own console handlers would write records twice, or only with DEBUG.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "celery.beat": {"level": "WARNING"},
        # Requests for pages that are forbidden or missing are not a fault of the site.
        "django.request": {"level": "ERROR"},
        # It would log each request that waits for a thread and each visitor who disconnects.
        "waitress": {"level": "ERROR"},
        "waitress.queue": {"level": "ERROR"},
    },
}
