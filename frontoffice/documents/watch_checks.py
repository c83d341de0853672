"""Where watches disagree with themselves: for `frontoffice doctor`."""

from collections.abc import Iterator

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from frontoffice.documents.models import ExpiryWatch, WatchState


def differences(session: Session) -> Iterator[str]:
    """One line for each kind of contradiction, with how many there are and the first one."""
    is_active = ExpiryWatch.state == WatchState.ACTIVE
    for words, condition in (
        ("reach nobody, but are active", and_(is_active, ExpiryWatch.contact.is_(None))),
        ("are to remind, but are not active", and_(~is_active, ExpiryWatch.next_on.is_not(None))),
        (
            "have ended at their holder's wish, but keep the contact",
            and_(ExpiryWatch.state == WatchState.OPTED_OUT, ExpiryWatch.contact.is_not(None)),
        ),
        (
            "cannot be found by their contact",
            and_(ExpiryWatch.contact.is_not(None), ExpiryWatch.recipient.is_(None)),
        ),
    ):
        query = select(func.count(), func.min(ExpiryWatch.id)).where(condition)
        many, first = session.execute(query).one()
        if many:
            yield f"{many} watches {words} (the first one is watch {first})"
