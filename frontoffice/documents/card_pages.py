"""The public pages of a card: where it is, and "tell me when it is ready".

Number and date of birth come by POST and are answered at once: they stand in no address, no history and no log.
"""

from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from frontoffice import clock
from frontoffice.booking import manage_pages
from frontoffice.booking.time_pages import challenge_address
from frontoffice.documents import card_leaflets, card_telling, card_view, looking_up, proving
from frontoffice.documents.card_forms import CardForm, TellForm
from frontoffice.documents.card_models import CardOrder
from frontoffice.documents.looking_up import UnknownCard
from frontoffice.errors import Conflict, DomainError, Invalid, TooMany
from frontoffice.web import access
from frontoffice.web.context import config, database, language
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import status_of

pages = Blueprint("cards", __name__)
all_need(pages, Kind.PUBLIC)

WHAT_FOR = "card"


@pages.get("/card/")
def ask() -> ResponseReturnValue:
    """Ask for number and date of birth."""
    return _form(CardForm())


@pages.post("/card/")
def look() -> ResponseReturnValue:
    """Where the card is."""
    return _look(None)


@pages.get("/card/of/<link>")
def ask_with_link(link: str) -> ResponseReturnValue:
    """Ask for the date of birth only: the link of the leaflet holds the number."""
    card_leaflets.number_of(database().vault, link)
    return _form(CardForm(), has_number=True)


@pages.post("/card/of/<link>")
def look_with_link(link: str) -> ResponseReturnValue:
    """Where the card of the leaflet is."""
    return _look(card_leaflets.number_of(database().vault, link))


@pages.post("/card/tell/")
def tell() -> ResponseReturnValue:
    """Send a code to the contact that is to be told, and take it."""
    now, form = clock.now(), TellForm(request.form)
    try:
        if "ticket" in request.form:
            return _take_code(form, request.form["ticket"], now)
        return _send_code(form, request.form.get("card", ""), now)
    except (card_leaflets.PassOver, proving.TicketOver) as refusal:
        return _form(CardForm(), refusal)


def _look(number: str | None) -> ResponseReturnValue:
    form, now = CardForm(request.form), clock.now()
    try:
        wanted = form.wanted(now.date(), number)
        found = looking_up.look_up(
            database(),
            wanted.number,
            wanted.born,
            now,
            network=access.network(),
            order=wanted.order,
            rules=config().fairness,
            proof=form.proof.data,
        )
    except UnknownCard as unknown:
        with database().read() as session:
            card_view.words(session, unknown.in_place, now)
        said = wanted.doubt or unknown
        return _form(form, said, has_number=number is not None, asks_for_proof=unknown.asks_for_proof)
    except (Invalid, TooMany) as refusal:
        return _form(form, refusal, has_number=number is not None)
    with database().read() as session:
        return render_template(
            "cards/card.html",
            **card_view.words(session, found, now),
            form=TellForm(),
            card=card_leaflets.card_pass(database().vault, found.id, now),
            pick_up=card_view.pick_up_path(session, found.office_id),
            proof=challenge_address(),
        )


def _form(
    form: CardForm,
    refusal: DomainError | None = None,
    *,
    has_number: bool = False,
    asks_for_proof: bool | None = None,
) -> ResponseReturnValue:
    said = manage_pages.refuse(form, refusal) if refusal else None
    if asks_for_proof is None:
        with database().read() as session:
            asks_for_proof = looking_up.asks_for_proof(session, access.network(), clock.now())
    proof = challenge_address() if asks_for_proof else None
    page = render_template("cards/ask.html", form=form, refusal=said, has_number=has_number, proof=proof)
    return page, status_of(refusal) if refusal else 200


def _send_code(form: TellForm, typed: str, now: datetime) -> ResponseReturnValue:
    card_id = card_leaflets.card_of(database().vault, typed, now)
    try:
        to = proving.reach(form.contact.data or "")
        with database().write() as session:
            proving.count(
                session,
                to,
                now,
                network=access.network(),
                address=request.remote_addr,
                proof=form.proof.data,
                rules=config().fairness,
            )
        with database().write() as session:
            card = session.get(CardOrder, card_id)
            if card is None:
                raise card_leaflets.PassOver
            ticket = proving.ask(session, card.office, to, WHAT_FOR, card_id, language(), now)
    except (Invalid, TooMany) as refusal:
        said = manage_pages.refuse(form, refusal)
        page = render_template(
            "cards/tell.html", form=form, refusal=said, card=typed, proof=challenge_address()
        )
        return page, status_of(refusal)
    return _code_page(TellForm(), ticket, to.to)


def _take_code(form: TellForm, ticket: str, now: datetime) -> ResponseReturnValue:
    typed = form.code.data or ""
    try:
        asked = proving.prove(database(), ticket, typed, WHAT_FOR, now, network=access.network())
        with database().write() as session:
            card = session.get(CardOrder, asked.about)
            if card is None:
                raise card_leaflets.PassOver
            card_telling.ask(session, card, asked.reach, asked.language, now, settings=config())
            office = card.office
    except card_leaflets.PassOver:
        raise
    except (proving.WrongCode, TooMany, card_telling.TooManyContacts) as refusal:
        sent_to = proving.look(database().vault, ticket, WHAT_FOR, now).reach.to
        return _code_page(form, ticket, sent_to, refusal)
    return render_template(
        "cards/told.html", current_office=office, sent_to=manage_pages.masked(asked.reach.to)
    )


def _code_page(
    form: TellForm, ticket: str, sent_to: str, refusal: Conflict | Invalid | TooMany | None = None
) -> ResponseReturnValue:
    said = manage_pages.refuse(form, refusal) if refusal else None
    page = render_template(
        "cards/code.html", form=form, refusal=said, ticket=ticket, sent_to=manage_pages.masked(sent_to)
    )
    return page, status_of(refusal) if refusal else 200
