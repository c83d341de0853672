"""Keeping a time longer for somebody who needs more than the usual minutes for the form (WCAG 2.2.1), once."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from frontoffice.booking import holding
from frontoffice.booking.models import Hold, Purpose
from frontoffice.config import Booking


def keep_longer(session: Session, token: str, now: datetime, *, rules: Booking) -> bool:
    """Let a visitor's live hold last `rules.longer_minutes` more; says whether it does, which happens once.

    Raises NotFound for an unknown token.
    """
    held = holding.find(session, token)
    if not can_last_longer(held, now, rules=rules):
        return False
    # Whoever comes second, or after the hold was released, finds another row than it has read.
    as_it_was = (Hold.id == held.id, Hold.released_at.is_(None), Hold.expires_at == held.expires_at)
    done = session.execute(
        update(Hold)
        .where(*as_it_was)
        .values(expires_at=held.expires_at + timedelta(minutes=rules.longer_minutes))
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def can_last_longer(held: Hold, now: datetime, *, rules: Booking) -> bool:
    """Whether a hold is live and still lasts no longer than every hold does at first."""
    is_live = held.released_at is None and held.expires_at > now and held.purpose is Purpose.VISITOR
    at_first = held.created_at + timedelta(minutes=rules.hold_minutes)
    return is_live and rules.longer_minutes > 0 and held.expires_at <= at_first
