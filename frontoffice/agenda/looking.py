"""Finding an appointment by what somebody at the desk says: a booking code, a name, a date of birth.

Names are sealed, so they are looked through in memory, within one day. With name and date of birth together all
coming appointments of the person are found by their keyed hash.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from frontoffice import birth_date, names
from frontoffice import vault as vaults
from frontoffice.agenda import day as days
from frontoffice.agenda.day import Entry
from frontoffice.birth_date import BirthDate
from frontoffice.booking import fairness, references
from frontoffice.booking.models import Appointment, BlockedKind
from frontoffice.booking.person import Person
from frontoffice.errors import Invalid
from frontoffice.offices.models import Office

_DATE = re.compile(r"\b(?:\d{1,2}[.\s/-]+\d{1,2}[.\s/-]+\d{4}|\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{8})\b")


class Wanted(NamedTuple):
    """What somebody typed: a booking code, or words of a name and a date of birth."""

    code: str | None
    words: Sequence[str]
    born: BirthDate | None
    name: str = ""  # as it was typed

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self.code or self.words or self.born)


def read(typed: str) -> Wanted:
    """What was typed; dates as 27.3.1991, 27 3 1991, 1991-03-27 or 00.00.1980."""
    typed = typed[:200]
    code = references.tidy(typed)
    if code:
        return Wanted(code, (), None)
    found = _DATE.search(typed)
    born = _born(found[0]) if found else None
    rest = typed.replace(found[0], " ") if found and born else typed
    return Wanted(None, fairness.fold_name(rest).split(), born, rest)


def matching(entries: Iterable[Entry], wanted: Wanted, people: dict[int, Person]) -> list[Entry]:
    """Those of the entries whose person has all the words in the name, as written or as they sound in whatever
    script, and that date of birth; `people` by id. What fits best comes first, then by time.
    """
    fit = [(_closeness(people[each.appointment.id], wanted), each) for each in entries]
    return [each for close, each in sorted(fit, key=lambda pair: -pair[0]) if close]


def of_person(session: Session, office: Office, wanted: Wanted, now: datetime) -> list[Entry]:
    """All coming appointments of the person with exactly this name and date of birth, by time."""
    if not wanted.words or wanted.born is None:
        return []
    person = Person(" ".join(wanted.words), wanted.born, None, None)
    digests = fairness.all_digests(vaults.of(session), BlockedKind.PERSON, fairness.folded_person(person))
    query = (
        select(Appointment)
        .where(Appointment.person_digest.in_(digests), Appointment.office_id == office.id)
        .where(Appointment.start >= now)
        .options(joinedload(Appointment.sheet))
        .order_by(Appointment.start)
    )
    return days.with_services(session, office, session.scalars(query).all())


def _closeness(person: Person, wanted: Wanted) -> float:
    if wanted.born is not None and person.born != wanted.born:
        return 0.0
    name = fairness.fold_name(person.name).split()
    if all(any(part.startswith(word) for part in name) for word in wanted.words):
        return 2.0
    return names.closeness(wanted.name, person.name)


def _born(typed: str) -> BirthDate | None:
    try:
        return birth_date.parse(typed, date.max)
    except Invalid:
        return None
