"""The pages of booking: a service, a time, the form, and the appointment with all one can do with it."""

import secrets
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import (
    appointing,
    calendar_file,
    choosing,
    dates,
    guessing,
    holding,
    qr,
    references,
    search,
    sheet,
    timetable,
)
from frontoffice.booking.forms import ContactForm, FindForm, HoldForm
from frontoffice.booking.models import Appointment, Hold, State
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.refusals import HoldExpired, JustTaken, NotOffered
from frontoffice.errors import DomainError, Invalid, NotFound
from frontoffice.offices.models import Service
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language, language, say
from frontoffice.web.problems import status_of

pages = Blueprint("booking", __name__)


@pages.get("/book/<office_slug>/")
def services(office_slug: str) -> ResponseReturnValue:
    """Choose a service; `?q=` narrows the list down."""
    typed = request.args.get("q", "")
    with database().read() as session:
        office = choosing.office(session, office_slug)
        found = choosing.matching(office.services, typed)
        online, elsewhere = (
            [each for each in found if each.online],
            [each for each in found if not each.online],
        )
        return render_template(
            "booking/services.html", current_office=office, online=online, elsewhere=elsewhere, typed=typed
        )


@pages.get("/book/<office_slug>/<service_slug>/")
def times(office_slug: str, service_slug: str) -> ResponseReturnValue:
    """Free times from `?from=` on, and those of `?day=`."""
    with database().read() as session:
        service = choosing.service(session, office_slug, service_slug)
        return _times_page(session, service, clock.now())


@pages.post("/book/<office_slug>/<service_slug>/hold")
def hold(office_slug: str, service_slug: str) -> ResponseReturnValue:
    """Keep the chosen time for the visitor, or offer others."""
    now, form = clock.now(), HoldForm(request.form)
    try:
        with database().write() as session:
            service = choosing.service(session, office_slug, service_slug)
            key = form.idempotency_key(service.id)
            _hold, token = holding.hold(
                session, service.office, service, form.moment(), now, rules=config().booking, key=key
            )
    except (JustTaken, NotOffered) as refusal:
        return _other_times(office_slug, service_slug, form, refusal, now)
    return redirect(url_for(".contact", token=token), 303)


@pages.get("/book/hold/<token>/")
def contact(token: str) -> ResponseReturnValue:
    """Ask who comes, while the time is kept; lead on from where a hold has become something else."""
    now = clock.now()
    with database().read() as session:
        held = holding.find(session, token)
        appointment = appointing.of_hold(session, held)
        if appointment is not None:
            return _see_appointment(session, appointment)
        if held.expires_at <= now or held.released_at is not None:
            return _lapsed_page(held), 410
        return _contact_page(held, ContactForm(), now)


@pages.post("/book/hold/<token>/")
def book(token: str) -> ResponseReturnValue:
    """Book what is kept, once, however often the form is sent."""
    now, form = clock.now(), ContactForm(request.form)
    try:
        person = form.person(now.date())
        with database().write() as session:
            appointment = appointing.book(session, token, person, language(), now, settings=config())
            return _see_appointment(session, appointment)
    except WrongDetails as wrong:
        return _wrong_details(token, form, wrong, now)
    except HoldExpired as refusal:
        return _too_late(token, refusal, now)


@pages.route("/appointments/", methods=["GET", "POST"])
def find() -> ResponseReturnValue:
    """Find an appointment again without its secret link."""
    form, now = FindForm(request.form), clock.now()
    if request.method == "GET":
        return render_template("booking/find.html", form=form)
    try:
        reference, born = form.code_and_birth(now.date())
        guessing.count_birth(database(), reference, access.network(), now)
        with database().read() as session:
            return _see_appointment(session, appointing.find_by_birth(session, reference, born))
    except WrongDetails as wrong:
        return _find_page(form, wrong.problems), 422
    except NotFound:
        sentence = _("We found no appointment with this code and this date of birth. Please check both.")
        return _find_page(form, [Invalid("reference", sentence)]), 404


@pages.get("/appointments/<reference>/<secret>/")
def appointment(reference: str, secret: str) -> ResponseReturnValue:
    """The confirmation, and all one can do with an appointment."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = appointing.find(session, reference, secret)
        return render_template("booking/appointment.html", **_appointment_words(session, found, now))


@pages.get("/appointments/<reference>/<secret>/calendar.ics")
def calendar(reference: str, secret: str) -> ResponseReturnValue:
    """The calendar file."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = appointing.find(session, reference, secret)
        text = calendar_file.write(found, language(), config().site.base_url, now)
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.reference}.ics"'
    return answer


@pages.get("/appointments/<reference>/<secret>/cancel")
def ask_to_cancel(reference: str, secret: str) -> ResponseReturnValue:
    """Ask whether the appointment should really be cancelled."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = appointing.find(session, reference, secret)
        words = _appointment_words(session, found, now)
        if not words["can_cancel"]:
            return _see_appointment(session, found)
        return render_template("booking/cancel.html", **words)


@pages.post("/appointments/<reference>/<secret>/cancel")
def cancel(reference: str, secret: str) -> ResponseReturnValue:
    """Cancel the appointment."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = appointing.find(session, reference, secret)
        appointing.cancel(session, found, now, settings=config())
        return _see_appointment(session, found)


def _times_page(
    session: Session,
    service: Service,
    now: datetime,
    refusal: DomainError | None = None,
    around: datetime | None = None,
) -> str:
    office, rules = service.office, config().booking
    bookable = search.bookable_days(office, date.min, date.max, now, rules)
    free = search.free_starts(session, office, service, *bookable, now=now, rules=rules)
    others = search.nearest(session, office, service, around, now=now, rules=rules) if around else []
    first, chosen, wrong_date = _days_asked_for()
    if around:
        first = chosen = sheet.day_of(around, office.time_zone)
    table = timetable.timetable(free, first, chosen, bookable)
    return render_template(
        "booking/times.html",
        current_office=office,
        service=service,
        table=table,
        chips=[_chip(service, table, day) for day in table.days],
        times=timetable.by_day(table.times, office.time_zone, language()),
        others=timetable.by_day(others, office.time_zone, language()),
        next_day=dates.long_day(table.next_day, language()) if table.next_day else None,
        refusal=say(refusal) if refusal else None,
        wrong_date=wrong_date,
        key=secrets.token_urlsafe(16),
        address=lambda first, day=None: _times_address(service, first, day),
    )


def _days_asked_for() -> tuple[date, date | None, bool]:
    """From which day on, which day, and whether one of the two is no date."""
    try:
        first, day = (date.fromisoformat(request.args.get(name) or "0001-01-01") for name in ("from", "day"))
    except ValueError:
        return date.min, None, True
    return first, day if day > date.min else None, False


def _times_address(service: Service, first: date | None = None, day: date | None = None) -> str:
    slugs = {"office_slug": service.office.slug, "service_slug": service.slug}
    days = {name: each.isoformat() for name, each in (("from", first), ("day", day)) if each}
    return url_for(".times", _anchor=day.isoformat() if day else None, **slugs, **days)  # type: ignore[arg-type]


def _chip(service: Service, table: timetable.Timetable, day: date) -> dict[str, Any]:
    return {
        **dates.parts_of_day(day, language()),
        "label": dates.long_day(day, language()),
        "current": day == table.chosen,
        "url": _times_address(service, table.days[0], day) if day in table.free else None,
    }


def _other_times(
    office_slug: str, service_slug: str, form: HoldForm, refusal: DomainError, now: datetime
) -> ResponseReturnValue:
    around = form.moment() if isinstance(refusal, JustTaken) else None
    with database().read() as session:
        service = choosing.service(session, office_slug, service_slug)
        return _times_page(session, service, now, refusal, around), status_of(refusal)


def _too_late(token: str, refusal: HoldExpired, now: datetime) -> ResponseReturnValue:
    with database().read() as session:
        held = holding.find(session, token)
        return _times_page(session, held.service, now, refusal, held.start), status_of(refusal)


def _wrong_details(token: str, form: ContactForm, wrong: WrongDetails, now: datetime) -> ResponseReturnValue:
    for problem in wrong.problems:
        form.refuse(problem, say)
    with database().read() as session:
        return _contact_page(holding.find(session, token), form, now), 422


def _contact_page(held: Hold, form: ContactForm, now: datetime) -> str:
    zone = held.service.office.time_zone
    return render_template(
        "booking/contact.html",
        current_office=held.service.office,
        form=form,
        hold=held,
        service=held.service,
        now=now,
        until=dates.clock_time(held.expires_at, zone, language()),
        change=_times_address(held.service, held.sheet.day, held.sheet.day),
        **_when(held.start, zone),
    )


def _lapsed_page(held: Hold) -> str:
    office = held.service.office
    return render_template(
        "booking/lapsed.html",
        current_office=office,
        service=held.service,
        again=_times_address(held.service, held.sheet.day, held.sheet.day),
        **_when(held.start, office.time_zone),
    )


def _find_page(form: FindForm, problems: list[Invalid]) -> str:
    for problem in problems:
        form.refuse(problem, say)
    return render_template("booking/find.html", form=form)


def _see_appointment(session: Session, found: Appointment) -> ResponseReturnValue:
    secret = appointing.secret_of(session, found)
    return redirect(url_for(".appointment", reference=found.reference, secret=secret), 303)


def _appointment_words(session: Session, found: Appointment, now: datetime) -> dict[str, Any]:
    zone = found.office.time_zone
    return {
        "current_office": found.office,
        "appointment": found,
        "service": found.service,
        "person": appointing.person_of(session, found),
        "reference": references.shown(found.reference),
        "picture": Markup(qr.svg(found.reference)),  # noqa: S704 (made of numbers only)
        "documents": in_own_language(found.service.documents),  # type: ignore[arg-type]
        "is_cancelled": found.state is State.CANCELLED,
        "can_cancel": found.state in appointing.CANCELLABLE and found.start > now,
        # Who arrives a little late still needs the code at the terminal.
        "is_to_come": found.state in appointing.CANCELLABLE
        and sheet.day_of(found.start, zone) >= sheet.day_of(now, zone),
        "address": {"reference": found.reference, "secret": appointing.secret_of(session, found)},
        **_when(found.start, found.office.time_zone),
    }


def _when(start: datetime, zone: str) -> dict[str, str]:
    return {
        "date": dates.long_day(sheet.day_of(start, zone), language()),
        "time": dates.clock_time(start, zone, language()),
    }
