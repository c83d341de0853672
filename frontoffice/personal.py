"""The words in which each wing says what it knows of one person, and what it forgets. Knows nothing of the wings.

A wing that keeps personal data has a `personal.py` with three things: `COLUMNS`, the columns of its tables that hold
sealed contents or keyed hashes of people ("appointment.person"); `find(session, who)`, which gives Records; and
`forget(session, records, now)`, which empties what it has found. `frontoffice.insight.people` gathers them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple, Protocol

from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict

# What messages that are to be forgotten are about, before and after that is done.
FORGETTING, FORGOTTEN = "forgetting", "forgotten"


class StillNeeded(Conflict):
    """Something is still to come, or just happening, for which the data is needed."""

    code = "still_needed"
    sentence = N_("This cannot be deleted yet: the appointment is still to come. Please cancel it first.")


class Record(NamedTuple):
    """Something that is stored about a person.

    `kind` is a word for it, `subject` its name in events ("appointment:17"), `data` its contents as JSON has them.
    `related` are the subjects of what belongs to the same person because of it, `stays` why it is not forgotten.
    """

    kind: str
    subject: str
    office_id: int | None
    data: dict[str, Any]
    related: tuple[str, ...] = ()
    stays: str = ""


@dataclass(frozen=True)
class Who:
    """Of whom something is looked for, by all that is given: name with date of birth, mail, phone, subjects.

    What is found by a mail or a phone may be of several people who share it. `contacts` are addresses of which only
    the opt-outs are looked for.
    """

    name: str | None = None
    born: date | None = None
    mail: str | None = None
    phone: str | None = None
    subjects: frozenset[str] = frozenset()
    contacts: frozenset[tuple[str, str]] = frozenset()  # medium and address

    def numbers(self, kind: str) -> list[int]:
        """The ids of the subjects of one kind: 17 of "appointment:17"."""
        prefix = f"{kind}:"
        return sorted(int(each.removeprefix(prefix)) for each in self.subjects if each.startswith(prefix))

    def knowing(self, found: Sequence[Record]) -> "Who":
        """With the subjects of what was found."""
        subjects = {each.subject for each in found}.union(*(each.related for each in found))
        contacts = {
            (medium, each.data[name])
            for each in found
            for medium, name in (("mail", "mail"), ("sms", "phone"))
            if each.kind == "appointment" and each.data.get(name)
        }
        return replace(self, subjects=self.subjects | subjects, contacts=self.contacts | contacts)


class Wing(Protocol):
    """What a wing's `personal.py` offers."""

    COLUMNS: frozenset[str]

    def find(self, session: Session, who: Who) -> list[Record]:
        """What the wing knows of the person."""
        ...

    def forget(self, session: Session, records: Sequence[Record], now: Any) -> None:
        """Empty these of its records. Raises StillNeeded."""
        ...


def numbers(records: Sequence[Record], kind: str) -> list[int]:
    """The ids of the records of one kind."""
    return sorted(int(each.subject.rpartition(":")[2]) for each in records if each.kind == kind)


def moment(value: Any) -> str | None:
    """A moment or a day as JSON has it."""
    return None if value is None else str(value.isoformat())
