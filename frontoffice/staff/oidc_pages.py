"""Signing in through the organisation: OpenID Connect, by the authorization code with PKCE, state and nonce (Authlib).

The provider's tokens are checked, read once and forgotten: none of them is stored or logged.
"""

from typing import Any, cast

import requests
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from joserfc.errors import JoseError

from frontoffice import clock
from frontoffice.config import Oidc
from frontoffice.errors import DomainError, NotFound, TooMany
from frontoffice.staff import linking, signing_in
from frontoffice.web import access, entering
from frontoffice.web.context import config, database, safe_next, say
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import page, status_of

log = structlog.get_logger(__name__)

pages = Blueprint("staff_oidc", __name__, url_prefix="/staff/oidc")
all_need(pages, Kind.PUBLIC)

SECONDS_TO_ANSWER = 10
CLOCKS_DIFFER = 120  # seconds by which the provider's clock may differ from ours
WHERE_TO = "oidc_next"


@pages.get("/")
def begin() -> ResponseReturnValue:
    """Go to the organisation's sign-in page."""
    settings = _settings()
    provider = _provider(settings)
    try:
        answer = provider.authorize_redirect(_address("staff_oidc.come_back"), **_wanted_strength(settings))
    except (OAuthError, requests.RequestException, ValueError) as error:
        return _failed(error)
    session[WHERE_TO] = request.args.get("next")
    return cast(ResponseReturnValue, answer)


@pages.get("/back")
def come_back() -> ResponseReturnValue:
    """The organisation has signed somebody in: check what it says, and begin a session."""
    settings, now = _settings(), clock.now()
    wanted = session.get(WHERE_TO)
    try:
        token = _provider(settings).authorize_access_token(
            claims_options=_wanted_claims(settings), leeway=CLOCKS_DIFFER
        )
        claims: dict[str, Any] = token["userinfo"]
    except (OAuthError, JoseError, requests.RequestException, KeyError, ValueError, RuntimeError) as error:
        return _failed(error)
    try:
        with database().write() as writing:
            account = linking.account_of(writing, claims, settings, now)
            token_of_ours, _end = signing_in.open_session(
                writing,
                account.id,
                now,
                access.lasting(),
                browser=entering.browser_name(),
                by_oidc=True,
            )
    except DomainError as refusal:
        _note_failure("oidc refused")
        return page(status_of(refusal), _("That did not work"), say(refusal))
    access.keep_in_cookie(token_of_ours)
    target = safe_next(wanted) if wanted else url_for("staff_pages.begin")
    return redirect(target, 303)


@pages.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Signed out here; at the organisation one is still signed in."""
    return render_template("staff/oidc_signed_out.html", name=_settings().name)


@pages.get("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out at the organisation as well."""
    settings = _settings()
    try:
        provider = _provider(settings)
        answer = provider.logout_redirect(
            _address("staff_pages.sign_in"), client_id=settings.client_id, state=None
        )
    except (OAuthError, requests.RequestException, RuntimeError, ValueError) as error:
        return _failed(error)
    return cast(ResponseReturnValue, answer)


def _settings() -> Oidc:
    settings = config().staff.oidc
    if settings is None:
        raise NotFound
    return settings


def _provider(settings: Oidc) -> Any:
    """The provider as Authlib knows it; what it says of itself is fetched once for each process."""
    known = current_app.extensions.get("oidc")
    if known is None or known[0] != settings:
        oauth = OAuth(current_app)
        oauth.register(
            "oidc",
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            client_kwargs={
                "scope": settings.scope,
                "code_challenge_method": "S256",
                "default_timeout": SECONDS_TO_ANSWER,
            },
        )
        known = current_app.extensions["oidc"] = (settings, oauth.create_client("oidc"))
    return known[1]


def _wanted_claims(settings: Oidc) -> dict[str, Any]:
    """Who must have issued the token, and for whom: Authlib checks the audience only where it is told."""
    return {
        "iss": {"essential": True, "value": settings.issuer},
        "aud": {"essential": True, "value": settings.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }


def _wanted_strength(settings: Oidc) -> dict[str, str]:
    """What the provider is asked to make sure of; whether it did, its token says (`linking`)."""
    return {"acr_values": " ".join(settings.required_acr)} if settings.required_acr else {}


def _address(endpoint: str) -> str:
    return config().site.base_url + url_for(endpoint)


def _failed(error: Exception) -> ResponseReturnValue:
    """Say that it did not work. The error's kind is logged, not its text: that may quote a token."""
    log.warning("oidc.failed", error=type(error).__name__)
    _note_failure("oidc")
    sentence = _("Your organisation's sign-in did not work. Please try again, or ask your administrator.")
    return page(
        502 if isinstance(error, requests.RequestException) else 403, _("That did not work"), sentence
    )


def _note_failure(why: str) -> None:
    """Put it on record, as often as a network may try to sign in: anybody can come back with an error."""
    session.clear()
    now, limit = clock.now(), config().staff.attempts_per_quarter_hour
    with database().write() as writing:
        try:
            signing_in.count_network(writing, access.network(), limit, now)
        except TooMany:
            return
        signing_in.failed(writing, None, why, now, access.network())
