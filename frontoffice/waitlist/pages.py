"""The pages of the waiting list: joining, and the entry with what is offered to it."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import admission, appointing, choice, choosing, guessing, places, sheet
from frontoffice.booking.choice import Choice
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.time_pages import challenge_address
from frontoffice.booking.time_words import when
from frontoffice.booking.visit import Visit
from frontoffice.errors import Conflict, DomainError, Invalid, TooMany
from frontoffice.messages import preferences
from frontoffice.waitlist import answering, entries, forms, joining, leaving, letters, spots, words
from frontoffice.waitlist.forms import JoinForm, WishForm
from frontoffice.waitlist.models import EntryState, WaitlistEntry
from frontoffice.waitlist.refusals import EarlierByPhone
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, language, say
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import status_of

pages = Blueprint("waitlist", __name__)
all_need(pages, Kind.LINK)

ENTRY = "/waitlist/<reference>/<secret>/"


@pages.route("/waitlist/<office_slug>/", methods=["GET", "POST"])
@needs(Kind.PUBLIC)
def join(office_slug: str) -> ResponseReturnValue:
    """Put one's name on the list, for what `?with=` says."""
    now, form = clock.now(), JoinForm(request.form)
    wanted = choice.read(request.values.getlist("with"))
    if not wanted.items:
        return redirect(url_for("booking.services", office_slug=office_slug), 303)
    if request.method == "GET":
        return _join_page(office_slug, wanted, form, now)
    try:
        entry, secret = _join(office_slug, wanted, form, now)
    except (Invalid, Conflict, TooMany) as refusal:
        return _join_page(office_slug, wanted, form, now, refusal)
    if entry.state is EntryState.UNPROVEN:
        return redirect(url_for(".sent", office_slug=office_slug), 303)
    return redirect(url_for(".entry", reference=entry.reference, secret=secret), 303)


@pages.get("/waitlist/<office_slug>/sent")
@needs(Kind.PUBLIC)
def sent(office_slug: str) -> ResponseReturnValue:
    """Say that one step is missing: the link in the message."""
    with database().read() as session:
        office = choosing.office(session, office_slug)
        return render_template("waitlist/sent.html", current_office=office)


@pages.get(ENTRY)
def entry(reference: str, secret: str) -> ResponseReturnValue:
    """An entry: what is offered, or what is waited for."""
    return _entry_page(reference, secret, clock.now())


@pages.post(ENTRY + "<any(prove, take, decline):answer>")
def answer(reference: str, secret: str, answer: str) -> ResponseReturnValue:
    """Prove the contact; take what is offered, or decline it."""
    now, settings = clock.now(), config()
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(entries.find(session, reference, secret))
            match answer:
                case "prove":
                    joining.prove(session, found, now, settings=settings)
                case "take":
                    return _see_appointment(session, answering.take(session, found, now, settings=settings))
                case _:
                    answering.decline(session, found, now, settings=settings)
                    flash(_("Thank you for telling us. Somebody else can have this time now."), "info")
    except (Conflict, Invalid) as refusal:
        return _entry_page(reference, secret, now, refusal)
    return _see(reference, secret)


@pages.route(ENTRY + "change", methods=["GET", "POST"])
def change(reference: str, secret: str) -> ResponseReturnValue:
    """Other days and times."""
    now, form = clock.now(), WishForm(request.form)
    try:
        if request.method == "POST":
            with guessing.counted(database(), access.network(), now), database().write() as session:
                found = in_its_language(entries.find(session, reference, secret))
                wish = form.wish()
                joining.change(session, found, wish, wish.until_day - forms.DAY, now, settings=config())
            flash(_("We have noted your new wishes. You keep your place."), "success")
            return _see(reference, secret)
    except (Invalid, Conflict) as refusal:
        return _change_page(reference, secret, form, now, refusal)
    return _change_page(reference, secret, None, now)


@pages.route(ENTRY + "leave", methods=["GET", "POST"])
def leave(reference: str, secret: str) -> ResponseReturnValue:
    """Leave the list, after one question."""
    now = clock.now()
    if request.method == "POST":
        with guessing.counted(database(), access.network(), now), database().write() as session:
            leaving.leave(
                session, in_its_language(entries.find(session, reference, secret)), now, settings=config()
            )
        return _see(reference, secret)
    with guessing.counted(database(), access.network(), now), database().read() as session:
        return render_template(
            "waitlist/leave.html",
            **_entry_words(session, in_its_language(entries.find(session, reference, secret)), now),
        )


@pages.route("/appointments/<reference>/<secret>/earlier", methods=["GET", "POST"])
def earlier(reference: str, secret: str) -> ResponseReturnValue:
    """Ask for an earlier time for an appointment."""
    now, form = clock.now(), WishForm(request.form)
    try:
        if request.method == "POST":
            with guessing.counted(database(), access.network(), now), database().write() as session:
                mine, wish = in_its_language(appointing.find(session, reference, secret)), form.wish()
                last = wish.until_day - forms.DAY
                found = joining.join_for(session, mine, wish, last, now, settings=config())
                return _see(found.reference, entries.secret_of(session, found))
    except (Invalid, Conflict) as refusal:
        return _earlier_page(reference, secret, form, now, refusal)
    return _earlier_page(reference, secret, None, now)


def _join(office_slug: str, wanted: Choice, form: JoinForm, now: datetime) -> tuple[WaitlistEntry, str]:
    admission.refuse_trapped(database(), form.remarks.data, now)
    person, wish = form.both(now.date())
    network, rules = access.network(), config().fairness
    admission.admit(database(), request.remote_addr, network, form.proof.data, now, rules=rules)
    with database().write() as session:
        place = spots.where(
            session,
            office_slug,
            wanted.items,
            schedules=form.places.data or (),
            others=form.offices.data or (),
        )
        last = wish.until_day - forms.DAY
        entry = joining.join(session, place, wish, last, person, language(), now, settings=config())
        return entry, entries.secret_of(session, entry)


def _join_page(
    office_slug: str, wanted: Choice, form: JoinForm, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    with database().read() as session:
        office, visit = choosing.chosen(session, office_slug, wanted.items)
        today = sheet.day_of(now, office.time_zone)
        if request.method == "GET":
            until = request.args.get("until", "")  # a reminder knows the day by which somebody has to come
            form = JoinForm(data=words.usual(today, spots.open_weekdays(session, office), until))
            form.places.data = request.args.getlist("place")
        here = places.spots(session, office, visit)
        form.places.choices = [(each.slug, each.name) for each in here]
        others = spots.other_offices(session, office, wanted.slugs())
        form.offices.choices = [(each.slug, f"{each.name}, {each.city}") for each in others]
        page = render_template(
            "waitlist/join.html",
            current_office=office,
            visit=visit,
            choice=wanted,
            is_offered=visit.online and bool(here),
            has_places=len(here) > 1,
            has_offices=bool(others),
            proof=challenge_address(),
            **words.form_words(session, office, form, refusal, today),
        )
        return page, _status(refusal)


def _entry_page(
    reference: str, secret: str, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(entries.find(session, reference, secret))
        said = say(refusal) if refusal else None
        page = render_template("waitlist/entry.html", refusal=said, **_entry_words(session, found, now))
        return page, _status(refusal)


def _change_page(
    reference: str, secret: str, form: WishForm | None, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(entries.find(session, reference, secret))
        if found.state not in joining.CHANGEABLE:
            return _see(reference, secret)
        form = form or WishForm(data=forms.from_wish(entries.wish_of(found)))
        today = sheet.day_of(now, found.office.time_zone)
        shown = words.form_words(session, found.office, form, refusal, today)
        shown = {**_entry_words(session, found, now), **shown}
        return render_template("waitlist/change.html", **shown), _status(refusal)


def _earlier_page(
    reference: str, secret: str, form: WishForm | None, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    with guessing.counted(database(), access.network(), now), database().read() as session:
        mine = in_its_language(appointing.find(session, reference, secret))
        waiting = entries.of_appointment(session, mine)
        if waiting is not None:
            return _see(waiting.reference, entries.secret_of(session, waiting))
        if mine.state is not State.CONFIRMED or mine.start <= now:
            return _see_appointment(session, mine)
        if not choosing.kept_visit(session, mine).online:
            flash(say(EarlierByPhone()), "info")
            return _see_appointment(session, mine)
        office = mine.office
        today = sheet.day_of(now, office.time_zone)
        last = sheet.day_of(mine.start, office.time_zone)
        usual = {**words.usual(today, spots.open_weekdays(session, office)), "until": last.isoformat()}
        shown = words.form_words(session, office, form or WishForm(data=usual), refusal, today)
        page = render_template(
            "waitlist/earlier.html",
            current_office=office,
            visit=choosing.visit_of(session, mine.items),
            back=url_for("booking.appointment", reference=reference, secret=secret),
            **when(mine.start, office.time_zone),
            **shown,
        )
        return page, _status(refusal)


def _entry_words(session: Session, found: WaitlistEntry, now: datetime) -> dict[str, Any]:
    offered = answering.open_offer(session, found, now)
    tied = session.get(Appointment, found.appointment_id) if found.appointment_id is not None else None
    visit = choosing.visit_of(session, found.places[0].items)
    return {
        "current_office": found.office,
        "entry": found,
        "visit": visit,
        "again": url_for(".join", office_slug=found.office.slug, **{"with": str(_choice(visit))}),  # type: ignore[arg-type]
        "wish": words.wish_words(entries.wish_of(found)),
        "ahead": entries.ahead_of(session, found),
        "offer": None
        if offered is None
        else {
            "office": offered.office,
            **when(offered.start, offered.office.time_zone),
            "until": when(offered.expires_at, offered.office.time_zone),
        },
        "tied": None if tied is None else when(tied.start, tied.office.time_zone),
        "appointment": _appointment_address(session, tied),
        "address": {"reference": found.reference, "secret": entries.secret_of(session, found)},
        "messages_page": preferences.of_subject(session, letters.subject(found)),
    }


def _choice(visit: Visit) -> Choice:
    return Choice(tuple((item.offer.slug, item.people) for item in visit.items))  # type: ignore[attr-defined]


def _appointment_address(session: Session, found: Appointment | None) -> str | None:
    if found is None:
        return None
    secret = appointing.secret_of(session, found)
    return url_for("booking.appointment", reference=found.reference, secret=secret)


def _status(refusal: DomainError | None) -> int:
    return status_of(refusal) if refusal else 200


def _see(reference: str, secret: str) -> ResponseReturnValue:
    return redirect(url_for("waitlist.entry", reference=reference, secret=secret), 303)


def _see_appointment(session: Session, found: Appointment) -> ResponseReturnValue:
    return redirect(_appointment_address(session, found) or "", 303)
