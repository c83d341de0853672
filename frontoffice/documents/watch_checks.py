"""Where watches disagree with themselves: for `frontoffice doctor`."""

from collections.abc import Iterator

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.documents import contact as contacts
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.vault import InvalidToken

MOST_CHECKED = 5000  # contacts that are opened, those that are written to next: it is to end within seconds


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
    vault = vaults.of(session)
    next_ones = select(ExpiryWatch).where(ExpiryWatch.next_on.is_not(None), ExpiryWatch.contact.is_not(None))
    closed = []
    for watch in session.scalars(next_ones.order_by(ExpiryWatch.next_on, ExpiryWatch.id).limit(MOST_CHECKED)):
        try:
            contacts.of(vault, watch)
        except InvalidToken:
            closed.append(watch.id)
    if closed:
        yield f"{len(closed)} watches can be opened with no configured key (the first one is watch {closed[0]})"
