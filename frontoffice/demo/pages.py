"""The demonstration's own pages: who you can be, and an inbox of what would have left."""

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock, vault
from frontoffice.booking import sheet
from frontoffice.demo import cards, sample
from frontoffice.demo.people import ACCOUNTS
from frontoffice.documents import card_desk_words
from frontoffice.line import phone
from frontoffice.line.models import Ticket, TicketState
from frontoffice.messages import inbox
from frontoffice.staff.devices import STAFF_SERIES
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("demo", __name__, url_prefix="/demo")
all_need(pages, Kind.PUBLIC)


@pages.before_request
def _only_in_the_demonstration() -> None:
    if not config().demo.enabled:
        abort(404)


@pages.get("/")
def index() -> ResponseReturnValue:
    """One page that links to every role."""
    with database().read() as session:
        office = sample.office(session)
        codes = sample.codes_to_try(session, office, clock.now())
        ticket = _last_in_line(session)
    return render_template(
        "demo/index.html",
        office=office,
        codes=codes,
        ticket=ticket,
        cards=cards.SAMPLES,
        card_names=card_desk_words.NAMES,
        people=ACCOUNTS,
        kiosk_url=config().demo.kiosk_url,
    )


@pages.get("/ticket")
def follow_ticket() -> ResponseReturnValue:
    """The phone ticket of somebody of the sample who waits: the same link however often it is asked for."""
    with database().write() as session:
        ticket = _last_in_line(session)
        if ticket is None:
            return redirect(url_for("demo.index"))
        token = vault.of(session).digest("demo ticket", str(ticket.id))[:32]
        ticket.link_fingerprint = phone.fingerprint(token)
    return redirect(phone.path(token))


@pages.get("/inbox")
def read_inbox() -> ResponseReturnValue:
    """Each text as it would have arrived, newest first."""
    with database().read() as session:
        arrived, to_come = inbox.arrived(session, limit=200), inbox.to_come(session, limit=10)
    return render_template("demo/inbox.html", arrived=arrived, to_come=to_come)


def _last_in_line(session: Session) -> Ticket | None:
    """Who has the longest way to go among those who got their number from staff: nobody else has their link."""
    office = sample.office(session)
    return session.scalars(
        select(Ticket)
        .where(
            Ticket.office_id == office.id,
            Ticket.day == sheet.day_of(clock.now(), office.time_zone),
            Ticket.series == STAFF_SERIES,
            Ticket.state == TicketState.WAITING,
        )
        .order_by(Ticket.appointment_id.is_not(None), Ticket.number.desc())
        .limit(1)
    ).first()
