"""The staff pages of the cards: scan, scan, scan; the cards by state; one card; handing over."""

from collections.abc import Iterable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from frontoffice import qr
from frontoffice.agenda.forms import offer
from frontoffice.agenda.shell import HERE, Desk, acting, looking, render
from frontoffice.audit.words import of_somebody
from frontoffice.booking import manage_pages
from frontoffice.documents import (
    card_desk,
    card_desk_words,
    card_leaflets,
    card_moving,
    card_scanning,
    document_kinds,
    handing_over,
    serial,
)
from frontoffice.documents.card_desk_forms import WATCHED, HandOverForm, LeafletForm, MoveForm, NewCardForm
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.card_states import OVER, THERE, Reason
from frontoffice.errors import Conflict, DomainError, Invalid, NotFound, NotSignedIn
from frontoffice.languages import language_of, name_of
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, in_language, language, say
from frontoffice.web.needs import all_need
from frontoffice.web.problems import status_of

pages = Blueprint("card_desk", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Permission.MIND_CARDS)

CARDS = f"{HERE}/cards"
ONE = f"{CARDS}/<int(max=9007199254740991):card_id>"
MODES = ("arrive", "ready", "open")  # what scanning a card does

# Handing over has a form of its own, which asks for the new end of validity.
MOVED_TO = tuple(each for each in card_desk_words.NAMES if each is not CardState.HANDED_OVER)


@pages.get(f"{CARDS}/")
def cards(slug: str) -> ResponseReturnValue:
    """The field for the scanner, and the cards in one state."""
    with looking(slug, Permission.MIND_CARDS) as desk:
        shown = _state(request.args.get("state", "")) or CardState.CHECKING
        return render(
            desk,
            "cards/desk.html",
            shown=shown,
            mode=_mode(),
            counts=card_desk.counts(desk.session, desk.office),
            lines=card_desk.listed(desk.session, desk.office, shown),
            names=card_desk_words.NAMES,
        )


@pages.post(f"{CARDS}/scan")
def scan(slug: str) -> ResponseReturnValue:
    """A number came from the scanner, which ends it like somebody who presses Enter."""
    mode, typed = _mode(), request.form.get("scanned", "")
    if mode != "open" and serial.is_other_line(typed) and serial.serial_in(typed) is None:
        return _back(slug, mode)  # the second and third line of a card whose first line has said enough
    try:
        with acting(slug, Permission.MIND_CARDS) as desk:
            card = _scanned(desk, mode, typed)
            ending = (card_moving.original_of(desk.session, card).serial or "")[-card_desk.SHOWN_SIGNS :]
    except NotFound:
        if mode == "open":
            flash(_("There is no card with this number."), "warning")
            return _back(slug, mode)
        number = serial.serial_in(typed) or serial.tidy(typed)[: serial.LENGTH]
        return _new_page(slug, NewCardForm(data={"serial": number}), is_scanned=True)
    except (Invalid, Conflict) as refusal:
        flash(say(refusal), "danger")
        return _back(slug, mode)
    if mode == "open":
        return _see(slug, card.id)
    said = _("Ready: …%(ending)s") if mode == "ready" else _("Arrived: …%(ending)s")
    flash(said % {"ending": ending}, "success")
    return _back(slug, mode)


@pages.route(f"{CARDS}/new", methods=["GET", "POST"])
def new(slug: str) -> ResponseReturnValue:
    """Note a card by hand, when it is ordered or when it arrives unannounced."""
    form = NewCardForm(request.form)
    if request.method == "GET":
        return _new_page(slug, form)
    state = CardState.CHECKING if "is_scanned" in request.form else CardState.ORDERED
    try:
        with acting(slug, Permission.MIND_CARDS) as desk:
            card = _added(desk, form, state)
    except (Invalid, Conflict) as refusal:
        return _new_page(slug, form, refusal, is_scanned=state is CardState.CHECKING)
    flash(_("The card is noted."), "success")
    return _back(slug, "arrive") if state is CardState.CHECKING else _see(slug, card.id)


@pages.get(ONE)
def card(slug: str, card_id: int) -> ResponseReturnValue:
    """One card: where it is, what happened to it, what can be done."""
    return _card_page(slug, card_id)


@pages.post(f"{ONE}/seen")
def show(slug: str, card_id: int) -> ResponseReturnValue:
    """Show numbers and date of birth; that is put on record."""
    with acting(slug, Permission.MIND_CARDS) as desk:
        card_desk.note_seen(
            desk.session, card_moving.of_office(desk.session, desk.office.id, card_id), desk.now, desk.actor
        )
    return _card_page(slug, card_id, is_open=True)


@pages.post(f"{ONE}/move")
def move(slug: str, card_id: int) -> ResponseReturnValue:
    """Take the card to another state."""
    form = MoveForm(request.form)
    try:
        with acting(slug, Permission.MIND_CARDS) as desk:
            found = card_moving.of_office(desk.session, desk.office.id, card_id)
            card_moving.move(
                desk.session,
                found,
                _state(form.state.data or "", MOVED_TO) or found.state,
                desk.now,
                desk.actor,
                settings=config(),
                reason=Reason(form.reason.data) if form.reason.data in list(Reason) else Reason.AS_USUAL,
                until=form.last_day(),
                box_code=form.box_code.data or "",
            )
    except (Invalid, Conflict) as refusal:
        return _card_page(slug, card_id, move_form=form, refusal=refusal)
    flash(_("The state is changed."), "success")
    return _see(slug, card_id)


@pages.post(f"{ONE}/hand-over")
def hand_over(slug: str, card_id: int) -> ResponseReturnValue:
    """Close the order; watch the new end of validity where that is wanted."""
    form = HandOverForm(request.form)
    try:
        with acting(slug, Permission.MIND_CARDS) as desk:
            found = card_moving.of_office(desk.session, desk.office.id, card_id)
            watch = (
                handing_over.Watch(form.end(), form.kind.data or "", form.contact.data or "")
                if form.watch.data
                else None
            )
            handing_over.hand_over(
                desk.session,
                found,
                desk.now,
                desk.actor,
                settings=config(),
                by_proxy=form.proxy.data,
                watch=watch,
            )
    except (Invalid, Conflict) as refusal:
        return _card_page(slug, card_id, hand_form=form, refusal=refusal)
    flash(_("The card is handed over."), "success")
    return _back(slug, "open")


@pages.post(f"{ONE}/proxy")
def proxy(slug: str, card_id: int) -> ResponseReturnValue:
    """Note that somebody else will collect the card, or no longer."""
    with acting(slug, Permission.MIND_CARDS) as desk:
        found = card_moving.of_office(desk.session, desk.office.id, card_id)
        will = request.form.get("proxy") == "yes"
        card_moving.identify(desk.session, found, desk.now, desk.actor, proxy=will)
    return _see(slug, card_id)


@pages.post(f"{ONE}/leaflet")
def leaflet(slug: str, card_id: int) -> ResponseReturnValue:
    """The leaflet for the holder, to be printed, in their language: order number, link, what happens next."""
    wanted = request.form.get("language", "")
    with acting(slug, Permission.MIND_CARDS) as desk:
        found = card_moving.of_office(desk.session, desk.office.id, card_id)
        original = card_moving.original_of(desk.session, found)
        number = original.order or original.serial or ""
        card_desk.note_seen(desk.session, found, desk.now, desk.actor)
        address = f"{config().site.base_url}/card/of/{card_leaflets.link(database().vault, number)}"
        picture = Markup(qr.svg(address))  # noqa: S704 (made of numbers only)
        spoken = wanted if wanted in config().site.languages else desk.office.languages[0]
        with in_language(spoken):
            page = render_template(
                "cards/_leaflet.html", original=original, number=number, picture=picture, office=desk.office
            )
        words = Markup(page)  # noqa: S704 (made from a template)
        return render(desk, "cards/leaflet.html", words=words, spoken=language_of(spoken))


def _scanned(desk: Desk, mode: str, typed: str) -> CardOrder:
    session, settings = desk.session, config()
    if mode == "arrive":
        return card_moving.arrive(session, desk.office, typed, desk.now, desk.actor, settings=settings)
    found = card_scanning.find(session, desk.office, typed)
    if mode == "ready":
        card_scanning.make_ready(session, found, desk.now, desk.actor, settings=settings)
    return found


def _added(desk: Desk, form: NewCardForm, state: CardState) -> CardOrder:
    """A new card; the serial number is added to the order where that is known."""
    original = form.original(desk.today)
    return card_scanning.note(
        desk.session, desk.office, original, state, desk.now, desk.actor, settings=config()
    )


def _new_page(
    slug: str, form: NewCardForm, refusal: DomainError | None = None, *, is_scanned: bool = False
) -> ResponseReturnValue:
    said = manage_pages.refuse(form, refusal) if refusal else None
    with looking(slug, Permission.MIND_CARDS) as desk:
        page = render(desk, "cards/new.html", form=form, refusal=said, is_scanned=is_scanned)
        return page, status_of(refusal) if refusal else 200


def _card_page(
    slug: str,
    card_id: int,
    *,
    move_form: MoveForm | None = None,
    hand_form: HandOverForm | None = None,
    refusal: DomainError | None = None,
    is_open: bool = False,
) -> ResponseReturnValue:
    failed = hand_form or move_form
    move_form, hand_form = move_form or MoveForm(), hand_form or HandOverForm()
    said = manage_pages.refuse(failed, refusal) if failed and refusal else None
    offer(move_form.state, [(each.value, _(card_desk_words.NAMES[each][1])) for each in MOVED_TO])
    offer(move_form.reason, [(each.value, _(words)) for each, words in card_desk_words.REASONS.items()])
    leaflet_form = LeafletForm()
    offer(leaflet_form.language, [(code, name_of(code, language())) for code in config().site.languages])
    offer(hand_form.kind, [(each.value, _(document_kinds.ABOUT[each].name)) for each in WATCHED])
    with looking(slug, Permission.MIND_CARDS) as desk:
        found = card_desk.card(desk.session, desk.office, card_id)
        original = card_moving.original_of(desk.session, found)
        told = handing_over.contacts(desk.session, found)
        leaflet_form.language.data = told[0][1] if told else desk.office.languages[0]
        page = render(
            desk,
            "cards/one.html",
            card=found,
            ending=(original.serial or original.order or "")[-card_desk.SHOWN_SIGNS :],
            original=original if is_open else None,
            proxy=original.proxy,
            told=told,
            masked=manage_pages.masked,
            story=card_desk.story(desk.session, found),
            somebody=of_somebody,
            names=card_desk_words.NAMES,
            happened=card_desk_words.HAPPENED,
            reasons=card_desk_words.REASONS,
            is_there=found.state in THERE,
            is_over=found.state in OVER,
            move_form=move_form,
            hand_form=hand_form,
            leaflet_form=leaflet_form,
            refusal=said,
        )
        return page, status_of(refusal) if refusal else 200


def _state(typed: str, known: Iterable[CardState] = CardState) -> CardState | None:
    return next((each for each in known if each == typed), None)


def _mode() -> str:
    typed = request.values.get("mode", "")
    return typed if typed in MODES else MODES[0]


def _back(slug: str, mode: str) -> ResponseReturnValue:
    shown = CardState.CHECKING if mode == "arrive" else CardState.READY
    return redirect(url_for("card_desk.cards", slug=slug, mode=mode, state=shown.value), 303)


def _see(slug: str, card_id: int) -> ResponseReturnValue:
    return redirect(url_for("card_desk.card", slug=slug, card_id=card_id), 303)
