"""The public pages of reminders: ask for one, and where each leads: to an appointment in time, a change, an end."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import appointing, choosing, dates, guessing, letters, manage_pages
from frontoffice.booking import proving as codes
from frontoffice.booking.models import Appointment
from frontoffice.booking.time_pages import challenge_address
from frontoffice.documents import proving, watch_view, watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import ABOUT, DocumentKind
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.documents.watch_forms import AskForm, ChangeForm, DateForm, KnownForm
from frontoffice.errors import Conflict, DomainError, Invalid, NotFound, TooMany
from frontoffice.events import Event
from frontoffice.languages import name_of
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Confirmation, Office
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, language
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import status_of

pages = Blueprint("watches", __name__)
all_need(pages, Kind.LINK)

WHAT_FOR = "watch"
ASK = "/remind-me/<office_slug>/"
WATCH = "/reminders/<number>/<secret>/"
OF_APPOINTMENT = "/appointments/<reference>/<secret>/remind-me"


@pages.route(ASK, methods=["GET", "POST"])
@needs(Kind.PUBLIC)
def ask(office_slug: str) -> ResponseReturnValue:
    """Ask to be reminded of a date: document, day and contact, then the code."""
    now, form = clock.now(), _offered(AskForm(request.form))
    if request.method == "GET":
        form.fill(_kind_of(request.args.get("document", "")))
        return _ask_page(office_slug, form)
    try:
        if "ticket" in request.form:
            return _take_code(form, now)
        kind, expires_on = form.read()
        to = proving.reach(form.contact.data or "")
        return _send_code(office_slug, to, kind, expires_on, now, form.proof.data)
    except proving.WrongCode as refusal:
        return _code_page(form, request.form["ticket"], now, refusal)
    except (Invalid, Conflict, TooMany) as refusal:
        return _ask_page(office_slug, form, refusal)


@pages.route(OF_APPOINTMENT, methods=["GET", "POST"])
def ask_with_appointment(reference: str, secret: str) -> ResponseReturnValue:
    """The same for who has an appointment: only the date is missing."""
    now, form = clock.now(), _offered(KnownForm(request.form))
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        office, proven = found.office, _proven(session, found)
        reached = sorted(_reached(session, found), key=lambda each: each.medium is not proven)
        kind = _kind_of(found.service.slug)
    if not reached:
        return redirect(url_for(".ask", office_slug=office.slug, document=kind), 303)
    form.to.choices = [(str(place), contact.to) for place, contact in enumerate(reached)]
    if request.method == "GET":
        form.to.data = "0"
        form.fill(kind)
        return _known_page(office, form, reference, secret)
    contact = next((each for place, each in enumerate(reached) if str(place) == form.to.data), reached[0])
    try:
        chosen, expires_on = form.read()
        if contact.medium is proven:
            return _begin(office.id, chosen, expires_on, contact, language(), now)
        return _send_code(
            office.slug, proving.Reach(contact.medium, contact.to), chosen, expires_on, now, None
        )
    except (Invalid, Conflict, TooMany) as refusal:
        return _known_page(office, form, reference, secret, refusal)


@pages.get(WATCH)
def watch(number: str, secret: str) -> ResponseReturnValue:
    """What is coming up, and the way to an appointment."""
    return _watch_page(number, secret, clock.now())


@pages.post(WATCH)
def change(number: str, secret: str) -> ResponseReturnValue:
    """Another date, kind or language."""
    now, form = clock.now(), _offered(ChangeForm(request.form))
    form.language.choices = [(code, name_of(code, code)) for code in config().site.languages]

    def changed(session: Session, found: ExpiryWatch) -> None:
        kind, expires_on = form.read()
        spoken = form.language.data if form.language.data in config().site.languages else found.language
        settings = config().documents
        watching.change(session, found, kind, expires_on, spoken, now, settings=settings)
        in_its_language(found)

    refusal = _act(number, secret, now, changed)
    if refusal is not None:
        return _watch_page(number, secret, now, form, refusal)
    flash(_("We have noted it."), "success")
    return redirect(url_for(".watch", number=number, secret=secret), 303)


@pages.post(WATCH + "<any(applied, end):answer>")
def answer(number: str, secret: str, answer: str) -> ResponseReturnValue:
    """No more reminders: because the application is made, or because somebody wants none."""
    now = clock.now()
    verb = watching.applied if answer == "applied" else watching.end
    refusal = _act(number, secret, now, lambda session, found: verb(session, found, now))
    if refusal is not None:
        return _watch_page(number, secret, now, None, refusal)
    if answer == "applied":
        flash(_("Thank you. You get no more reminders of this date."), "success")
        return redirect(url_for(".watch", number=number, secret=secret), 303)
    return render_template("watches/ended.html")


def _act(
    number: str, secret: str, now: datetime, verb: Callable[[Session, ExpiryWatch], None]
) -> DomainError | None:
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            verb(session, in_its_language(watching.find(session, number, secret)))
    except (Invalid, Conflict) as refusal:
        return refusal
    return None


def _watch_page(
    number: str,
    secret: str,
    now: datetime,
    form: ChangeForm | None = None,
    refusal: DomainError | None = None,
) -> ResponseReturnValue:
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(watching.find(session, number, secret))
        contact = watching.contact_of(session, found)
        if contact is None:
            raise NotFound
        others = [each for each in watching.of_contact(session, contact) if each.id != found.id]
        if form is None:
            form = _offered(ChangeForm())
            form.language.choices = [(code, name_of(code, code)) for code in config().site.languages]
            form.language.data = found.language
            form.fill(found.kind, found.expires_on)
        zone, spoken = found.office.time_zone, language()
        page = render_template(
            "watches/watch.html",
            watch=found,
            is_active=found.state is WatchState.ACTIVE,
            way=watch_view.way(session, found, now, settings=config()),
            kind_name=_(ABOUT[found.kind].name),
            others=[
                (
                    _(ABOUT[each.kind].name),
                    dates.long_day(each.ends_on, spoken),
                    watching.path(database().vault, each.id),
                )
                for each in others
                if each.state is WatchState.ACTIVE
            ],
            contact=contact.shown,
            address={"number": number, "secret": secret},
            current_office=found.office,
            long_day=lambda day: dates.long_day(day, spoken),
            clock_time=lambda moment: dates.clock_time(moment, zone, spoken),
            form=form,
            refusal=manage_pages.refuse(form, refusal) if refusal else None,
        )
    return page, status_of(refusal) if refusal else 200


def _send_code(
    office_slug: str,
    to: proving.Reach,
    kind: DocumentKind,
    expires_on: date,
    now: datetime,
    proof: str | None,
) -> ResponseReturnValue:
    with database().read() as session:
        office = choosing.office(session, office_slug)
        watching.check_end(office, kind, expires_on, now, settings=config().documents)
    with database().write() as session:
        proving.count(
            session,
            to,
            now,
            network=access.network(),
            address=request.remote_addr,
            proof=proof,
            rules=config().fairness,
        )
    with database().write() as session:
        about = [kind.value, expires_on.isoformat()]
        ticket = proving.ask(
            session, session.get_one(Office, office.id), to, WHAT_FOR, about, language(), now
        )
    return _code_page(AskForm(), ticket, now)


def _take_code(form: AskForm, now: datetime) -> ResponseReturnValue:
    typed = form.code.data or ""
    asked = proving.prove(database(), request.form["ticket"], typed, WHAT_FOR, now, network=access.network())
    kind, expires_on = DocumentKind(asked.about[0]), date.fromisoformat(asked.about[1])
    contact = Contact.at(asked.reach.medium, asked.reach.to)
    return _begin(asked.office_id, kind, expires_on, contact, asked.language, now)


def _begin(
    office_id: int, kind: DocumentKind, expires_on: date, contact: Contact, spoken: str, now: datetime
) -> ResponseReturnValue:
    with database().write() as session:
        office, settings = session.get_one(Office, office_id), config()
        begun = watching.begin(session, office, kind, expires_on, contact, spoken, now, settings=settings)
        path, is_coming = watching.path(database().vault, begun.id), begun.next_on is not None
    if is_coming:  # else the page says it
        flash(_("We remind you in time. Keep this page: here you can change or end it."), "success")
    return redirect(request.script_root + path, 303)


def _ask_page(office_slug: str, form: AskForm, refusal: DomainError | None = None) -> ResponseReturnValue:
    with database().read() as session:
        office = choosing.office(session, office_slug)
    said = manage_pages.refuse(form, refusal) if refusal else None
    page = render_template(
        "watches/ask.html", form=form, refusal=said, current_office=office, proof=challenge_address()
    )
    return page, status_of(refusal) if refusal else 200


def _known_page(
    office: Office, form: KnownForm, reference: str, secret: str, refusal: DomainError | None = None
) -> ResponseReturnValue:
    said = manage_pages.refuse(form, refusal) if refusal else None
    page = render_template(
        "watches/ask_known.html",
        form=form,
        refusal=said,
        current_office=office,
        address={"reference": reference, "secret": secret},
    )
    return page, status_of(refusal) if refusal else 200


def _code_page(
    form: AskForm, ticket: str, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    asked = proving.look(database().vault, ticket, WHAT_FOR, now)
    with database().read() as session:
        office = session.get_one(Office, asked.office_id)
    said = manage_pages.refuse(form, refusal) if refusal else None
    page = render_template(
        "watches/code.html",
        form=form,
        refusal=said,
        ticket=ticket,
        sent_to=Contact.at(asked.reach.medium, asked.reach.to).shown,
        current_office=office,
    )
    return page, status_of(refusal) if refusal else 200


def _reached(session: Session, found: Appointment) -> list[Contact]:
    person = appointing.person_of(session, found)
    both = ((Medium.SMS, person.phone), (Medium.MAIL, person.mail))
    return [Contact.at(medium, to) for medium, to in both if to]


def _proven(session: Session, found: Appointment) -> Medium | None:
    """Which of the contacts of an appointment its visitor has proven; None where that is neither."""
    medium = codes.through(found.office.confirmation, appointing.person_of(session, found).contact)
    proof = select(Event.id).where(
        Event.subject == letters.subject(found),
        Event.kind == "appointment.confirmed",
        Event.actor == appointing.VISITOR,
    )
    is_asked = found.office.confirmation is not Confirmation.NONE
    return medium if is_asked and session.scalars(proof.limit(1)).first() else None


def _offered(form: Any) -> Any:
    named: DateForm = form
    named.offer({kind.value: _(about.name) for kind, about in ABOUT.items()})
    return form


def _kind_of(service: str) -> str:
    """The kind of document that people who come for a service hold, or get."""
    kinds = [kind for kind, about in ABOUT.items() if service in (kind.value, about.service)]
    return (kinds or [DocumentKind.RESIDENCE_PERMIT])[0].value
