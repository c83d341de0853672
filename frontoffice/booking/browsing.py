"""What a browser is known by while somebody books, kept in the session's cookie: its own token, and what it holds."""

import secrets

from flask import session as cookie
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import holding
from frontoffice.booking.models import Hold
from frontoffice.errors import NotFound

VISITOR, HOLD = "visitor", "hold"


def visitor() -> str:
    """The fingerprint of this browser's own token, which it gets when it first holds a time."""
    token: str = cookie.setdefault(VISITOR, secrets.token_urlsafe(16))
    return vaults.fingerprint(token)


def remember(token: str) -> None:
    """Keep the token of a hold, so that whoever comes back finds what is kept."""
    cookie[HOLD] = token


def forget() -> None:
    """What was held is booked, or given back."""
    cookie.pop(HOLD, None)


def held(session: Session) -> tuple[Hold, str] | None:
    """The hold that this browser made last, with its token; it may be over."""
    token = cookie.get(HOLD)
    try:
        return (holding.find(session, token), token) if token else None
    except NotFound:
        return None
