"""The sample office with all in it that leads to a form: what waits for proof, what is offered, what went wrong."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import appointing, blocking, holding, planning, proving, search
from frontoffice.booking.models import Appointment, BlockedKind, State
from frontoffice.booking.person import Person
from frontoffice.booking.visit import Visit, visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import card_leaflets, watching
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.documents.models import ExpiryWatch
from frontoffice.line import phone
from frontoffice.line.models import Ticket, TicketState
from frontoffice.messages import failover, preferences
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.offices.models import Closure, Confirmation, Office
from frontoffice.partners import invitations, inviting, registering
from frontoffice.partners.models import Partner
from frontoffice.staff import administering, devices
from frontoffice.staff.models import Account, DeviceKind, Role
from frontoffice.waitlist import entries, joining, spots
from frontoffice.waitlist.models import Offer, WaitlistEntry
from frontoffice.waitlist.wish import Wish
from tests.line.parts import account
from tests.staff.test_second_factor import set_up

SERVICE = "residence-permit-renewal"
DAY = timedelta(days=1)
BORN = date(1970, 1, 1)
WATCHED = "watched@mail.example"
LEAFLET = "2026000105"  # the order number of a card of the sample that is ready
TWO_FACTORS = "two-factors"
# What somebody types into an empty field, so that a form leads on; by the field's name.
TYPED = {
    "name": "Amina Diallo",
    "born": "27.03.1991",
    "born-day": "27",
    "born-month": "3",
    "born-year": "1991",
    "mail": "amina@mail.example",
    "contact": WATCHED,
    "to": "clerk@mail.example",
    "rows": "Chidi Okafor;05.05.1988;chidi@mail.example",
    "expires_on": "2027-02-28",
    "time": "18:00",
    "title": "Verlosung",
    "first_day": "2027-02-01",
    "until_day": "2027-02-03",
}
PLACE = select(Office).order_by(Office.id)


def fill(database: Database, config: Config, now: datetime) -> None:
    """Put into the sample office what its worker is to find. Commits."""
    with database.write() as session:
        place = session.scalars(PLACE).one()
        watching.begin(
            session,
            place,
            DocumentKind.RESIDENCE_PERMIT,
            now.date() + 80 * DAY,
            Contact(mail=WATCHED),
            "en",
            now,
            settings=config,
        )
        blocking.block(
            session, BlockedKind.MAIL, "seller@mail.example", "Sells times", None, now, actor="test"
        )
        for kind in DeviceKind:
            devices.add(session, place, f"Another {kind.value}", kind, now)
        who = account(session, TWO_FACTORS, Role.FRONT_DESK)
    set_up(database, who, now)
    with database.write() as session:  # a time that somebody on the waiting list is offered
        _wish(session, session.scalars(PLACE).one(), "offered@mail.example", config, now, proven=True)
        given_up = _booked(session, session.scalars(PLACE).one(), _person("freed@mail.example"), config, now)
        appointing.cancel(session, given_up, now, settings=config)


def go_wrong(database: Database, now: datetime) -> None:
    """Let messages reach nobody, a provider stop, and the office close on a day that people have booked. Commits."""
    with database.write() as session:
        failover.stop(session, "twilio", Medium.SMS, "20003", now)
        for number, each in enumerate(session.scalars(select(Message).order_by(Message.id.desc()).limit(4))):
            each.state, each.final_at, each.error_code = MessageState.DEAD, now, ("550", "21614")[number % 2]
        place = session.scalars(PLACE).one()
        later = Appointment.start > now + 5 * DAY
        day = next(each.sheet.day for each in session.scalars(_appointments(State.CONFIRMED).where(later)))
        session.add(Closure(office_id=place.id, day=day, reason="Strike"))
        session.flush()
        planning.plan(session, place, day, 1, now)


def starts_of_visitors(database: Database, config: Config, now: datetime) -> list[str]:
    """What visitors have in their mails: a link for each thing that one can have here. Commits."""
    vault = database.vault
    with database.write() as session:
        place, partner = session.scalars(PLACE).one(), session.scalars(select(Partner)).one()
        watch = session.scalars(select(ExpiryWatch).order_by(ExpiryWatch.id.desc())).first()
        latest = session.scalars(select(Message.id).order_by(Message.id.desc())).first()
        ticket = session.scalars(select(Ticket).where(Ticket.state == TicketState.WAITING)).first()
        assert watch is not None
        assert latest is not None
        assert ticket is not None
        return [
            f"/partner/{registering.issue_link(session, partner, now)}/",
            *_unproven(session, place, config, now),
            *_wishes(session, place, config, now),
            _invitation(session, place, partner, config, now),
            preferences.address(vault, latest),
            f"{preferences.address(vault, latest)}stop",
            watching.path(vault, watch.id),
            f"/card/of/{card_leaflets.link(vault, LEAFLET)}",
            phone.path(phone.give_link(ticket)),
            f"/staff/password/{_link(session, now)}",
        ]


def starts_of_staff(database: Database) -> list[str]:
    """Where staff begin, and those of many on a list with which more can be done."""
    with database.read() as session:
        here = f"/agenda/{session.scalars(PLACE).one().slug}"
        ready = select(CardOrder.id).where(CardOrder.state.in_([CardState.READY, CardState.IN_BOX]))
        secured = select(Account.id).where(Account.username == TWO_FACTORS)
        return [
            *(
                "/desk/",
                "/agenda/",
                "/staff/",
                "/staff/partners/",
                "/staff/audit/",
                "/staff/offices/new",
                "/",
            ),
            *(f"/staff/accounts/{each}/" for each in session.scalars(secured)),
            *(f"{here}/cards/{each}" for each in session.scalars(ready)),
            *(
                f"{here}/appointments/{each.reference}/"
                for each in session.scalars(_appointments(State.UNCONFIRMED))
            ),
        ]


def _appointments(state: State) -> Any:
    return select(Appointment).where(Appointment.state == state).order_by(Appointment.start)


def _booked(
    session: Session, place: Office, person: Person, config: Config, now: datetime, *, proven: bool = True
) -> Appointment:
    """The next appointment that the public can have."""
    wanted = _visit(place)
    start = search.next_free(session, place, wanted, now.date() + DAY, now=now, rules=config.booking)
    assert start is not None
    _, held = holding.hold(session, place, wanted, start, now, rules=config.booking)
    return appointing.book(session, held, person, "en", now, settings=config, proven=proven)


def _visit(place: Office) -> Visit:
    return visit([(next(each for each in place.services if each.slug == SERVICE), 1)])


def _person(mail: str) -> Person:
    """Nobody is born on the same day as the next."""
    return Person("Amina Diallo", BORN + len(mail) * DAY, mail, None)


def _unproven(session: Session, place: Office, config: Config, now: datetime) -> Iterator[str]:
    """One is asked for a link, the other for a code."""
    place.confirmation = Confirmation.EITHER
    mail = "unproven@mail.example"
    for reached in (Person("Amina Diallo", BORN, mail, None), Person("Amin", BORN, None, "+4915187654321")):
        made = _booked(session, place, reached, config, now, proven=False)
        page = f"/appointments/{made.reference}/{appointing.secret_of(session, made)}/"
        yield page
        if reached.mail:
            yield f"{page}confirm/{proving.link_proof(vaults.of(session), made.reference, mail)}"


def _wish(
    session: Session, place: Office, mail: str, config: Config, now: datetime, *, proven: bool = False
) -> WaitlistEntry:
    where, today = spots.where(session, place.slug, [(SERVICE, 1)]), now.date()
    return joining.join(
        session,
        where,
        Wish(today, today + 14 * DAY),
        today + 13 * DAY,
        _person(mail),
        "en",
        now,
        settings=config,
        proven=proven,
    )


def _wishes(session: Session, place: Office, config: Config, now: datetime) -> Iterator[str]:
    """One wish that waits for its proof, and one that is offered a time."""
    unproven = _wish(session, place, "no-proof-yet@mail.example", config, now)
    open_offers = select(WaitlistEntry).join(Offer, Offer.entry_id == WaitlistEntry.id)
    offered = session.scalars(open_offers.where(Offer.expires_at > now)).one()
    for entry in (unproven, offered):
        yield f"/waitlist/{entry.reference}/{entries.secret_of(session, entry)}/"


def _invitation(session: Session, place: Office, partner: Partner, config: Config, now: datetime) -> str:
    asked = inviting.Asked(
        place.slug, SERVICE, None, now + DAY, now + 10 * DAY, None, "en", None, invitations.Known()
    )
    return invitations.link_of(
        session, inviting.ask(session, partner.id, asked, now, settings=config), base_url=""
    )


def _link(session: Session, now: datetime) -> str:
    """The secret of a link that sets a password."""
    who = account(session, "forgot", Role.FRONT_DESK)
    return administering.new_link(session, who, now, actor="test")
