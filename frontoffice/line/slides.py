"""Information slides of the waiting-room screens."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from frontoffice import events, languages
from frontoffice.errors import N_, Invalid
from frontoffice.line import board
from frontoffice.offices.models import Office, Slide
from frontoffice.printable import is_line
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission

LONGEST = 400
SECONDS = range(5, 121)


@dataclass(frozen=True)
class Wanted:
    """What a slide is to be: texts by language, for one room or for all, from a day on, until before another."""

    titles: Mapping[str, str]
    texts: Mapping[str, str]
    room: str | None = None
    link: str | None = None
    seconds: int = 15
    valid_from: date | None = None
    valid_until: date | None = None


def of_today(session: Session, office_id: int, rooms: Collection[str], today: date) -> Sequence[Slide]:
    """The slides to be shown on that day in those rooms (none: on a screen for all of them)."""
    query = select(Slide).where(
        Slide.office_id == office_id,
        or_(Slide.valid_from.is_(None), Slide.valid_from <= today),
        or_(Slide.valid_until.is_(None), Slide.valid_until > today),
    )
    if rooms:
        query = query.where(or_(Slide.room.is_(None), Slide.room.in_(rooms)))
    return session.scalars(query.order_by(Slide.position, Slide.id)).all()


def add(session: Session, office: Office, account: Account, now: datetime, wanted: Wanted) -> Slide:
    """One more slide, as the last. Raises NotAllowed; Invalid for what cannot be shown."""
    last = session.scalar(select(func.max(Slide.position)).where(Slide.office_id == office.id))
    slide = Slide(office_id=office.id, position=0 if last is None else last + 1)
    _fill(session, slide, wanted)
    session.add(slide)
    _changed(session, slide, account, now)
    return slide


def change(session: Session, slide: Slide, account: Account, now: datetime, wanted: Wanted) -> None:
    """Make it what is wanted. Raises as `add`."""
    _fill(session, slide, wanted)
    _changed(session, slide, account, now)


def put_first(session: Session, slide: Slide, account: Account, now: datetime) -> None:
    """Show it before the others. Raises NotAllowed."""
    first = session.scalar(select(func.min(Slide.position)).where(Slide.office_id == slide.office_id))
    slide.position = (first or 0) - 1
    _changed(session, slide, account, now)


def remove(session: Session, slide: Slide, account: Account, now: datetime) -> None:
    """Show it no longer. Raises NotAllowed."""
    session.delete(slide)
    _changed(session, slide, account, now)


def _fill(session: Session, slide: Slide, wanted: Wanted) -> None:
    tidy = replace(wanted, titles=_words(wanted.titles), texts=_words(wanted.texts))
    for wrong, field, why in _mistakes(session, slide.office_id, tidy):
        if wrong:
            raise Invalid(field, why)
    for name, value in asdict(tidy).items():
        setattr(slide, name, value)


def _words(texts: Mapping[str, str]) -> dict[str, str]:
    return {
        code: " ".join(text.split())
        for code, text in texts.items()
        if text.strip() and re.fullmatch(languages.CODE, code, re.ASCII)
    }


def _mistakes(session: Session, office_id: int, wanted: Wanted) -> Sequence[tuple[bool, str, str]]:
    all_words = [*wanted.titles.values(), *wanted.texts.values()]
    return [
        (not wanted.titles, "titles", N_("Please enter a title in one language at least.")),
        (
            any(len(text) > LONGEST or not is_line(text) for text in all_words),
            "texts",
            N_("Please write less: a slide has to be read from ten metres."),
        ),
        (wanted.seconds not in SECONDS, "seconds", N_("Please choose between 5 and 120 seconds.")),
        (
            wanted.link is not None
            and not (len(wanted.link) <= 300 and re.fullmatch(r"https?://\S+", wanted.link)),
            "link",
            N_("Please enter a link that begins with https://."),
        ),
        (
            wanted.room is not None and wanted.room not in board.rooms_of(session, office_id),
            "room",
            N_("Please choose a room of this office."),
        ),
        (
            None not in (wanted.valid_from, wanted.valid_until)
            and (wanted.valid_from or date.min) >= (wanted.valid_until or date.max),
            "valid_until",
            N_("The last day must come after the first."),
        ),
    ]


def _changed(session: Session, slide: Slide, account: Account, now: datetime) -> None:
    roles.require(account, Permission.STEER_LINE)
    roles.require_office(account, slide.office_id)
    office_id = slide.office_id
    session.flush()
    actor, subject = f"account:{account.id}", f"office:{office_id}"
    events.append(session, office_id, "office.slides_changed", now, actor=actor, subject=subject)
