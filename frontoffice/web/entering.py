"""Signing in over HTTP: the password and the steps after it, for pages and for programs, and what goes on record."""

import secrets
from datetime import datetime
from typing import NamedTuple

from flask import request, session
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from frontoffice import clock, limits
from frontoffice.errors import NotSignedIn, TooMany
from frontoffice.staff import accounts, signing_in
from frontoffice.staff.models import Account, Role, StaffSession, Step
from frontoffice.staff.signing_in import CodeNeeded, StepNeeded, WrongCredentials
from frontoffice.web import access
from frontoffice.web.context import config, database

BROWSER_COOKIE = "browser"  # a secret by which a browser is known in which somebody has signed in before
BROWSER_SECRET = 43  # characters

BROWSERS = (("Edg", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def two_factors() -> frozenset[Role]:
    """The roles that must have a second factor."""
    return frozenset(Role(each) for each in config().staff.totp_required)


class SignedIn(NamedTuple):
    """A session has begun: its token, its end, what it still needs, and whose it is."""

    token: str
    expires_at: datetime
    step: Step | None
    account_id: int


def sign_in(username: str, password: str) -> SignedIn:
    """Sign in with a password. Raises WrongCredentials, TooMany; either goes on record."""
    now, settings = clock.now(), config().staff
    try:
        with database().write() as counting:
            limit, browser = settings.attempts_per_quarter_hour, request.cookies.get(BROWSER_COOKIE)
            signing_in.count_attempt(counting, username, access.network(), limit, now, browser)
    except TooMany:
        with database().write() as writing:
            signing_in.locked(writing, username, now, access.network())
        raise
    try:
        with database().read() as reading:
            of_linked = settings.oidc is None or settings.oidc.passwords
            proof = signing_in.prove(reading, username, password, of_linked=of_linked)
    except WrongCredentials:
        with database().write() as writing:
            found = accounts.find(writing, username)
            signing_in.failed(writing, found.id if found else None, "password", now, access.network())
        raise
    with database().write() as writing:
        step = signing_in.step_of(writing.get_one(Account, proof.account_id), two_factors())
        token, end = signing_in.begin(
            writing,
            proof,
            now,
            settings.session_hours,
            step=step,
            idle_minutes=settings.idle_minutes,
            browser=browser_name(),
        )
    return SignedIn(token, end, step, proof.account_id)


def sign_in_a_program(username: str, password: str, code: str | None) -> SignedIn:
    """As `sign_in`, with the code of the second factor where the account has one.

    Raises CodeNeeded, and StepNeeded where something has to be set up with a browser first.
    """
    begun, now = sign_in(username, password), clock.now()
    if begun.step is Step.CODE and code:
        with database().write() as writing:
            half = signing_in.session_of(writing, begun.token, now)
            if half is not None and signing_in.enter_code(writing, half, code, _attempts(), now):
                begun = go_on(writing, half, now)
    if begun.step is not None:
        with database().write() as writing:
            signing_in.sign_out(writing, begun.token, now)
        raise CodeNeeded if begun.step is Step.CODE else StepNeeded
    return begun


def enter_code(code: str) -> SignedIn | None:
    """The second step in a browser; None where the code is wrong. Raises NotSignedIn, TooMany."""
    now = clock.now()
    with database().write() as writing:
        half = waiting_for(writing, Step.CODE, now)
        if not signing_in.enter_code(writing, half, code, _attempts(), now):
            return None
        return go_on(writing, half, now)


def _attempts() -> int:
    return config().staff.attempts_per_quarter_hour


def go_on(writing: Session, half: StaffSession, now: datetime) -> SignedIn:
    """A step is done: the next session, for a further step or for everything."""
    token, end, step = signing_in.go_on(writing, half, now, access.lasting(), two_factors())
    return SignedIn(token, end, step, half.account_id)


def half_signed_in(reading: Session, now: datetime) -> StaffSession | None:
    """The session of this browser that still waits for a step; None where there is none."""
    token = session.get(access.COOKIE_KEY)
    found = signing_in.session_of(reading, token, now) if token else None
    if found is None or found.step is None:
        return None
    # A second factor that was set up meanwhile is asked for, not replaced.
    return None if found.step is Step.ENROL and found.account.totp is not None else found


def waiting_for(reading: Session, step: Step, now: datetime) -> StaffSession:
    """The session of this browser that waits for this step. Raises NotSignedIn."""
    found = half_signed_in(reading, now)
    if found is None or found.step is not step:
        raise NotSignedIn
    return found


def remember_browser(answer: Response, account_id: int) -> Response:
    """Somebody has proven who they are: here their sign-in counts apart from what others try elsewhere."""
    secret = request.cookies.get(BROWSER_COOKIE, "")
    if len(secret) != BROWSER_SECRET:
        secret = secrets.token_urlsafe(32)
    with database().write() as writing:
        signing_in.remember_browser(writing, account_id, secret, clock.now())
    answer.set_cookie(
        BROWSER_COOKIE,
        secret,
        max_age=int(signing_in.BROWSER_KNOWN.total_seconds()),
        path="/staff",
        samesite="Lax",
        httponly=True,
        secure=config().site.base_url.startswith("https://"),
    )
    return answer


def browser_name() -> str | None:
    """What the browser calls itself, in two words: Firefox, Windows. None for a program."""
    said = request.headers.get("User-Agent", "")
    name = next((each for sign, each in BROWSERS if sign in said), None)
    system = next((each for sign, each in SYSTEMS if sign in said), None)
    return ", ".join(each for each in (name, system) if each) or None


def count_code(writing: Session, account: Account, now: datetime) -> None:
    """Count an attempt of somebody who is signed in to prove once more who they are. Raises TooMany."""
    who = database().vault.digest("code", str(account.id))
    limits.hit(writing, "sign_in.proof", who, _attempts(), signing_in.WINDOW, now)


def has_password(account: Account) -> bool:
    """Whether the account may sign in with a password: not, as a rule, where the organisation signs it in."""
    oidc = config().staff.oidc
    return account.subject is None or oidc is None or oidc.passwords
