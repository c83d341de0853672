"""For how many days something is kept at an office: never longer than configured, and shorter where it says so."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from frontoffice.config import Config
from frontoffice.offices.models import Office


class Kept(StrEnum):
    """What an office can keep for a shorter time than others."""

    BOOKINGS = "bookings"  # whose they were, after the visit; and links and notes of tickets
    MESSAGES = "messages"  # contents, after the message's final state
    WAITLIST = "waitlist"  # who was on the list, after the entry has ended
    DRAW = "draw"  # who took part, after the draw is settled
    WATCHES = "watches"  # watched documents, after their end
    CARDS = "cards"  # records of cards, after the hand-over


def configured(settings: Config, kept: Kept) -> int:
    """The days that hold where an office says nothing, and the most that any can have."""
    days = {
        Kept.BOOKINGS: settings.booking.keep_days,
        Kept.MESSAGES: settings.messages.keep_days,
        Kept.WAITLIST: settings.waitlist.keep_days,
        Kept.DRAW: settings.draw.keep_days,
        Kept.WATCHES: settings.documents.keep_days,
        Kept.CARDS: settings.cards.keep_days,
    }
    return days[kept]


def days_at(office: Office, kept: Kept, settings: Config) -> int:
    """The days that hold at the office."""
    most = configured(settings, kept)
    return min(most, office.keep_days.get(kept.value, most))


def spans(
    session: Session, office_id: InstrumentedAttribute[int], kept: Kept, most: timedelta
) -> Iterator[tuple[timedelta, ColumnElement[bool]]]:
    """For how long something is kept, each with the condition that it is of such an office; those with less first.

    `office_id` is the column that says of which office it is, `most` what is configured.
    """
    own: dict[timedelta, list[int]] = {}
    for number, keep_days in session.execute(select(Office.id, Office.keep_days)):
        wanted = keep_days.get(kept.value)
        if wanted is not None and timedelta(days=wanted) < most:
            own.setdefault(timedelta(days=wanted), []).append(number)
    for keep, offices in sorted(own.items()):
        yield keep, office_id.in_(offices)
    yield most, office_id.not_in([number for offices in own.values() for number in offices])
