"""The page of an appointment, and all one can do there: look, calendar file, other contact, cancel."""

from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from frontoffice import clock, qr
from frontoffice.booking import (
    appointing,
    calendar_file,
    choosing,
    confirming,
    contacting,
    dates,
    guessing,
    moving,
    places,
    references,
    sheet,
)
from frontoffice.booking.forms import CodeForm, FindForm, ReachForm
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.time_words import when
from frontoffice.errors import Conflict, DomainError, Invalid, NotFound, TooMany
from frontoffice.messages import following, preferences
from frontoffice.messages.models import Medium
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, in_own_language, language, say
from frontoffice.web.problems import status_of


def ask_for_code() -> ResponseReturnValue:
    """Ask for the booking code and the date of birth, where somebody has no link."""
    return render_template("booking/find.html", form=FindForm())


def find() -> ResponseReturnValue:
    """Find an appointment again without its secret link."""
    form, now = FindForm(request.form), clock.now()
    try:
        reference, born = form.code_and_birth(now.date())
        guessing.count_birth(database(), reference, access.network(), now)
        with database().read() as session:
            return see_appointment(session, appointing.find_by_birth(session, reference, born))
    except WrongDetails as wrong:
        return _find_page(form, wrong.problems), 422
    except NotFound:
        sentence = _("We found no appointment with this code and this date of birth. Please check both.")
        return _find_page(form, [Invalid("reference", sentence)]), 404


def appointment(reference: str, secret: str) -> ResponseReturnValue:
    """The confirmation, or what is missing for it, and all one can do with an appointment."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        return appointment_page(session, found, now)


def calendar(reference: str, secret: str) -> ResponseReturnValue:
    """The calendar file."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        text = calendar_file.write(found, language(), config().site.base_url, now)
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.reference}.ics"'
    return answer


def ask_to_cancel(reference: str, secret: str) -> ResponseReturnValue:
    """Ask whether the appointment should really be cancelled."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        words = appointment_words(session, found, now)
        if not words["can_change"]:
            return see_appointment(session, found)
        return render_template("booking/cancel.html", **words)


def cancel(reference: str, secret: str) -> ResponseReturnValue:
    """Cancel the appointment."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        appointing.cancel(session, found, now, settings=config())
        return see_appointment(session, found)


def ask_how_to_reach(reference: str, secret: str) -> ResponseReturnValue:
    """Ask for another mail address or mobile number."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        words = appointment_words(session, found, now)
        if not words["can_change"]:
            return see_appointment(session, found)
        person = words["person"]
        form = ReachForm(data=person.contact._asdict())
        return render_template("booking/reach.html", form=form, **words)


def change_reach(reference: str, secret: str) -> ResponseReturnValue:
    """Change mail address and mobile number."""
    now, form = clock.now(), ReachForm(request.form)
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(appointing.find(session, reference, secret))
            contacting.change(session, found, form.mail.data, form.phone.data, now, settings=config())
            flash(_("We have noted how we can reach you."), "success")
            return see_appointment(session, found)
    except (Invalid, Conflict, TooMany) as refusal:
        return _reach_page(reference, secret, form, refusal, now)


def see_appointment(session: Session, found: Appointment) -> ResponseReturnValue:
    """Lead to the page of an appointment."""
    address = address_of(session, found)
    return redirect(url_for("booking.appointment", **address), 303)  # type: ignore[arg-type]


def appointment_page(
    session: Session,
    found: Appointment,
    now: datetime,
    code: CodeForm | None = None,
    refusal: DomainError | None = None,
) -> str:
    """The page of an appointment in whatever state it is; `code` is what was typed to confirm it."""
    words = appointment_words(session, found, now)
    said = say(refusal) if refusal else None
    template = "booking/confirm.html" if words["is_to_confirm"] else "booking/appointment.html"
    return render_template(template, form=code or CodeForm(), refusal=said, **words)


def address_of(session: Session, found: Appointment) -> dict[str, str]:
    """What stands in the address of the pages of an appointment."""
    return {"reference": found.reference, "secret": appointing.secret_of(session, found)}


def appointment_words(session: Session, found: Appointment, now: datetime) -> dict[str, Any]:
    """What the pages about an appointment show."""
    zone, visit = found.office.time_zone, choosing.kept_visit(session, found)
    is_open = found.state in appointing.CANCELLABLE
    return {
        "current_office": found.office,
        "appointment": found,
        "visit": visit,
        "spot": places.spot_of(found.schedule, found.office),
        "person": appointing.person_of(session, found),
        "reference": references.shown(found.reference),
        "picture": Markup(qr.svg(found.reference)),  # noqa: S704 (made of numbers only)
        "documents": [(item.offer, in_own_language(item.offer.documents)) for item in visit.items],  # type: ignore[attr-defined]
        "is_cancelled": found.state is State.CANCELLED,
        "is_lapsed": found.state is State.EXPIRED,
        "is_to_confirm": found.state is State.UNCONFIRMED and found.start > now,
        "asked": _asked(session, found) if is_open and found.start > now else None,
        "can_change": is_open and found.start > now,
        "can_be_earlier": found.state is State.CONFIRMED and found.start > now and visit.online,
        "can_move": is_open and found.start > now and moving.moves_left(session, found, config()) > 0,
        # Who arrives a little late still needs the code at the terminal.
        "is_to_come": is_open and sheet.day_of(found.start, zone) >= sheet.day_of(now, zone),
        "confirm_until": _deadline(found.confirm_by, zone) if found.confirm_by else None,
        "address": address_of(session, found),
        "office_word": following.office_word(session, f"appointment:{found.id}"),
        "messages_page": preferences.of_subject(session, f"appointment:{found.id}"),
        **when(found.start, zone),
    }


def _deadline(moment: datetime, zone: str) -> str:
    day = dates.long_day(sheet.day_of(moment, zone), language())
    return f"{day}, {dates.clock_time(moment, zone, language())}"


def _asked(session: Session, found: Appointment) -> dict[str, str] | None:
    """What has to be proven: by a link ("mail") or a code ("sms"), and to which address it was sent."""
    wanted = confirming.asked(session, found)
    if wanted is None:
        return None
    medium, contact = wanted
    address = contact.mail if medium is Medium.MAIL else contact.phone
    return {"medium": medium.value, "address": masked(address or "")}


def masked(address: str) -> str:
    """A mail address or number that its owner recognises, and nobody else learns."""
    name, at, domain = address.rpartition("@")
    return f"{name[:2]}…@{domain}" if at else f"{address[:4]} … {address[-3:]}"


def refuse(form: Any, refusal: DomainError) -> str | None:
    """Put what is wrong beside its field; gives the sentence where it belongs to none."""
    problems = refusal.problems if isinstance(refusal, WrongDetails) else [refusal]
    for problem in problems:
        if not isinstance(problem, Invalid) or problem.field not in form:
            return say(problem)
        form.refuse(problem, say)
    return None


def _reach_page(
    reference: str, secret: str, form: ReachForm, refusal: DomainError, now: datetime
) -> ResponseReturnValue:
    said = refuse(form, refusal)
    with database().read() as session:
        words = appointment_words(session, in_its_language(appointing.find(session, reference, secret)), now)
        return render_template("booking/reach.html", form=form, refusal=said, **words), status_of(refusal)


def _find_page(form: FindForm, problems: list[Invalid]) -> str:
    for problem in problems:
        form.refuse(problem, say)
    return render_template("booking/find.html", form=form)
