"""What the book knows of a person: appointments. Forgetting leaves the visit without its visitor."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import fairness, references
from frontoffice.booking.models import Appointment, Blocked, BlockedKind, State
from frontoffice.booking.person import Contact, Person
from frontoffice.errors import N_
from frontoffice.personal import Record, StillNeeded, Who, moment, numbers

COLUMNS = frozenset(
    {
        "appointment.person",
        "appointment.person_digest",
        "appointment.mail_digest",
        "appointment.phone_digest",
        "blocked.digest",
    }
)
# Whose an appointment was that is forgotten. The date is nobody's: earlier than any that can be entered.
NOBODY = Person(name="–", born=date(1800, 1, 1), mail=None, phone=None)
BLOCKED = N_("A block by the office stays: it is the office's decision, kept as a keyed hash only.")


def find(session: Session, who: Who) -> list[Record]:
    """Appointments with their contacts, and blocks."""
    known = digests(session, who)
    conditions = [Appointment.id.in_(who.numbers("appointment")), *by_digest(Appointment, known)]
    rows = session.scalars(select(Appointment).where(or_(*conditions)).order_by(Appointment.id)).all()
    blocks = session.scalars(
        select(Blocked).where(Blocked.digest.in_([digest for found in known.values() for digest in found]))
    ).all()
    return [
        *(_record(session, each) for each in rows),
        *(
            Record(
                "block",
                f"blocked:{each.id}",
                None,
                {"since": moment(each.created_at), "until": moment(each.until)},
                stays=BLOCKED,
            )
            for each in blocks
        ),
    ]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:
    """Take the person out of the appointments; time, service and outcome stay, for counts.

    The code is replaced as well, so that link and code lead nowhere. Raises StillNeeded for one that is to come, or
    whose visitor is in the house.
    """
    ids = numbers(records, "appointment")
    query = (
        select(Appointment)
        .where(Appointment.id.in_(ids))
        .order_by(Appointment.id)
        .with_for_update(of=Appointment)
    )
    for each in session.scalars(query, execution_options={"populate_existing": True}):
        coming = each.state in (State.UNCONFIRMED, State.CONFIRMED) and each.start > now
        if coming or each.state is State.CHECKED_IN:
            raise StillNeeded
        for name, value in emptied(vaults.of(session).seal(NOBODY.to_seal())).items():
            setattr(each, name, value)
        each.reference = references.new()
    session.flush()


def emptied(nobody: bytes) -> dict[str, bytes | None]:
    """The columns that tell whose an appointment is, without its visitor; `nobody` is NOBODY, sealed."""
    return {"person": nobody, "person_digest": None, "mail_digest": None, "phone_digest": None}


def digests(session: Session, who: Who) -> dict[BlockedKind, list[str]]:
    """The keyed hashes that stand for whom is looked for, under every key."""
    vault = vaults.of(session)
    found: dict[BlockedKind, list[str]] = {
        kind: [] for kind in (BlockedKind.PERSON, BlockedKind.MAIL, BlockedKind.PHONE)
    }
    if who.name and who.born:
        person = Person(who.name, who.born, None, None)
        found[BlockedKind.PERSON] = fairness.all_digests(
            vault, BlockedKind.PERSON, fairness.folded_person(person)
        )
    if who.mail:
        found[BlockedKind.MAIL] = fairness.all_digests(vault, BlockedKind.MAIL, fairness.fold_mail(who.mail))
    if who.phone:
        found[BlockedKind.PHONE] = fairness.all_digests(vault, BlockedKind.PHONE, who.phone)
    return found


def by_digest(table: Any, known: Mapping[BlockedKind, Sequence[str]]) -> list[ColumnElement[bool]]:
    """The conditions that a row is of somebody with one of these `digests`."""
    columns = {
        BlockedKind.PERSON: table.person_digest,
        BlockedKind.MAIL: table.mail_digest,
        BlockedKind.PHONE: table.phone_digest,
    }
    return [columns[kind].in_(found) for kind, found in known.items() if found]


def is_meant(who: Who, person: Person) -> bool:
    """Whether somebody whose data was unsealed is who is looked for."""
    same = bool(
        who.name
        and who.born == person.born
        and fairness.fold_name(who.name) == fairness.fold_name(person.name)
    )
    mail = bool(who.mail and person.mail and fairness.fold_mail(who.mail) == fairness.fold_mail(person.mail))
    return same or mail or bool(who.phone and who.phone == person.phone)


def person_data(person: Person) -> dict[str, str | None]:
    """A person as JSON has it."""
    return {"name": person.name, "born": person.born.isoformat(), "mail": person.mail, "phone": person.phone}


def _record(session: Session, each: Appointment) -> Record:
    kept = vaults.of(session).open(each.person)
    wanted = Contact.wanted(kept)
    return Record(
        "appointment",
        f"appointment:{each.id}",
        each.office_id,
        {
            "code": references.shown(each.reference),
            "service": each.service.names["de"],
            "start": moment(each.start),
            "state": each.state.value,
            "channel": each.channel.value,
            "language": each.language,
            "booked_at": moment(each.created_at),
            "changed_at": moment(each.changed_at),
            **person_data(Person.from_sealed(kept)),
            **({"unproven_contact": list(wanted)} if wanted else {}),
        },
    )
