"""The application: everything put together."""

import importlib
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask
from flask_babel import Babel, get_locale
from flask_openapi3 import APIBlueprint, Info, OpenAPI
from flask_openapi3.models.security_scheme import SecurityScheme
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from frontoffice import languages
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.paths import TEMPLATES, TRANSLATIONS
from frontoffice.web import access, context, needs, problems
from frontoffice.web.every_request import CookieSessions, Headers, Json

LARGEST_REQUEST = 512 * 1024  # bytes; the largest honest one is a kiosk's journal of a hundred entries
MOST_FIELDS = 1000  # of a form

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Cache-Control": "no-store",  # where a page does not say otherwise
}

# Where the office is reached by HTTPS: browsers that were there once come by HTTPS only, for two years.
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=63072000"}

SECURITY_SCHEMES: dict[str, SecurityScheme | dict[str, Any]] = {
    "appointment": SecurityScheme(
        type="http", scheme="bearer", description="The secret from the confirmation"
    ),
    "staff": SecurityScheme(
        type="http", scheme="bearer", description="A token from POST /api/v1/staff/sessions"
    ),
    "device": SecurityScheme(
        type="http", scheme="bearer", description="The credential a device got when paired"
    ),
    "partner": SecurityScheme(
        type="http", scheme="bearer", description="The token that a partner got from the office"
    ),
}

BLUEPRINTS = (
    "frontoffice.web.assets",
    "frontoffice.web.start",
    "frontoffice.web.live",
    "frontoffice.offices.api",
    "frontoffice.booking.pages",
    "frontoffice.booking.api",
    "frontoffice.booking.manage_api",
    "frontoffice.waitlist.pages",
    "frontoffice.waitlist.api",
    "frontoffice.draw.pages",
    "frontoffice.draw.staff_pages",
    "frontoffice.draw.api",
    "frontoffice.staff.pages",
    "frontoffice.staff.oidc_pages",
    "frontoffice.staff.own_pages",
    "frontoffice.staff.account_pages",
    "frontoffice.staff.device_pages",
    "frontoffice.staff.api",
    "frontoffice.agenda.pages",
    "frontoffice.line.pages",
    "frontoffice.line.steering_pages",
    "frontoffice.line.device_api",
    "frontoffice.line.look_pages",
    "frontoffice.line.alarm_pages",
    "frontoffice.line.team_pages",
    "frontoffice.line.screen_pages",
    "frontoffice.line.slide_pages",
    "frontoffice.line.phone_pages",
    "frontoffice.line.api",
    "frontoffice.line.steering_api",
    "frontoffice.administration.pages",
    "frontoffice.administration.new_office_pages",
    "frontoffice.audit.pages",
    "frontoffice.partners.pages",
    "frontoffice.partners.plan_pages",
    "frontoffice.partners.invitation_pages",
    "frontoffice.partners.api",
    "frontoffice.partners.plan_api",
    "frontoffice.partners.invitation_api",
    "frontoffice.documents.watch_pages",
    "frontoffice.documents.watch_desk_pages",
    "frontoffice.documents.watch_api",
    "frontoffice.messages.pages",
    "frontoffice.messages.api",
    "frontoffice.operations.health_pages",
    "frontoffice.operations.metrics_pages",
    "frontoffice.insight.pages",
    "frontoffice.insight.api",
    "frontoffice.documents.card_pages",
    "frontoffice.documents.card_api",
    "frontoffice.documents.card_desk_pages",
    "frontoffice.documents.card_desk_api",
    "frontoffice.documents.card_delivery_api",
    "frontoffice.insight.data_pages",
    "frontoffice.demo.pages",
)


class _Application(OpenAPI):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No handler here is a coroutine, so Flask need not look at each of them again with every request."""
        return func


def create_app(config: Config, database: Database) -> Flask:
    """The WSGI application for one configuration and one database (which must be at this version's tables)."""
    app = _Application(
        "frontoffice",
        info=Info(title="Frontoffice", version="1"),
        security_schemes=SECURITY_SCHEMES,
        validation_error_callback=problems.invalid_input,
        doc_ui=False,
        template_folder=str(TEMPLATES),
        static_folder=None,
    )
    _configure(app, config, database)
    CSRFProtect(app)
    problems.register(app)
    app.before_request(context.follow_the_address)
    app.after_request(access.note_use)
    for name in BLUEPRINTS:
        _register(app, name)
    app.add_url_rule("/api/v1/openapi.json", "openapi", needs.needs(needs.Kind.PUBLIC)(lambda: app.api_doc))
    needs.check(app)
    app.context_processor(_page_words)
    proxies = config.web.proxies
    watch = importlib.import_module("frontoffice.web.watch")  # not before: see there
    watch.register(app, behind_proxy=bool(proxies), logs_requests=config.logs.requests)
    https = config.site.base_url.startswith("https://")
    with_headers = Headers(app.wsgi_app, SECURITY_HEADERS | (ONLY_HTTPS if https else {}))
    app.wsgi_app = (  # type: ignore[method-assign]
        ProxyFix(with_headers, x_for=proxies, x_proto=proxies, x_host=proxies) if proxies else with_headers
    )
    return app


def _configure(app: Flask, config: Config, database: Database) -> None:
    app.extensions[context.KEY] = context.Surroundings(config, database)
    current, *older = database.vault.session_keys
    https = config.site.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=current,
        SECRET_KEY_FALLBACKS=older,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        # The prefix: browsers take such a cookie from this host only, by HTTPS, and give it to no other host.
        SESSION_COOKIE_NAME="__Host-session" if https else "session",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        MAX_FORM_PARTS=MOST_FIELDS,
        # The token and SameSite are enough; many browsers and proxies leave out or change what this would look at.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as the browser's session: people fill in forms slowly
    )
    app.session_interface = CookieSessions()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.json = Json(app)
    Babel(
        app,
        default_locale=languages.folder_of(config.site.languages[0]),
        default_timezone="Europe/Berlin",  # where a page is about no office; the others use their office's
        # A directory for each domain. The last one's plural forms count, and not every language has texts for staff.
        default_domain="staff;messages",
        default_translation_directories=f"{TRANSLATIONS};{TRANSLATIONS}",
        locale_selector=lambda: languages.folder_of(context.choose_language()),
    )


def _register(app: OpenAPI, name: str) -> None:
    module = importlib.import_module(name)
    if isinstance(getattr(module, "api", None), APIBlueprint):
        app.extensions["csrf"].exempt(
            module.api
        )  # programs bring a bearer token, which no browser sends by itself
        app.register_api(module.api)
    if isinstance(getattr(module, "pages", None), Blueprint):
        app.register_blueprint(module.pages)
    if isinstance(getattr(module, "callbacks", None), Blueprint):
        app.extensions["csrf"].exempt(
            module.callbacks
        )  # signatures say who is asking, not a browser's session
        app.register_blueprint(module.callbacks)


def _page_words() -> dict[str, object]:
    config = context.config()
    locale = get_locale()
    return {
        "static_url": context.static_url,
        "languages": [languages.language_of(code) for code in context.offered_languages()],
        "current_language": context.language(),
        "text_direction": locale.text_direction if locale else "ltr",
        "in_own_language": context.in_own_language,
        "demo": config.demo.enabled,
        "site_name": config.site.name,
    }
