"""Moving an appointment: another time from the same calendar, which is kept until the visitor says yes."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import (
    appointing,
    asked,
    browsing,
    choosing,
    dates,
    guessing,
    holding,
    manage_pages,
    moving,
    places,
    time_pages,
    time_words,
)
from frontoffice.booking.asked import Asked
from frontoffice.booking.choice import Choice
from frontoffice.booking.forms import HoldForm
from frontoffice.booking.manage_pages import see_appointment
from frontoffice.booking.models import Appointment, Hold
from frontoffice.booking.refusals import HoldExpired, JustTaken
from frontoffice.errors import Conflict, DomainError, Invalid, TooMany
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, language, say
from frontoffice.web.problems import status_of


def move(reference: str, secret: str) -> ResponseReturnValue:
    """Free times for the same visit."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        words = manage_pages.appointment_words(session, found, now)
        if not words["can_move"]:
            return see_appointment(session, found)
        return _page(session, found, words, asked.read(request.args.to_dict(flat=False), ""), now)


def hold_new_time(reference: str, secret: str) -> ResponseReturnValue:
    """Keep the new time, while the old one stays."""
    now, form = clock.now(), HoldForm(request.form)
    wanted = asked.read(request.form.to_dict(flat=False), "")
    try:
        time_pages.admit(form, now, reference)
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(appointing.find(session, reference, secret))
            visit = choosing.kept_visit(session, found)
            spot = places.spot(session, found.office, visit, wanted.place)
            _hold, token = time_pages.keep(session, found.office, visit, spot, form, now)
    except (Conflict, Invalid, TooMany) as refusal:
        around = form.moment() if isinstance(refusal, JustTaken) else None
        return _other_times(reference, secret, wanted, refusal, around, now)
    return redirect(url_for("booking.ask_to_move", reference=reference, secret=secret, token=token), 303)


def ask_to_move(reference: str, secret: str, token: str) -> ResponseReturnValue:
    """Show the old time and the new one, and ask."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        held = holding.find(session, token)
        words = manage_pages.appointment_words(session, found, now)
        if found.start == held.start or not words["can_move"]:
            return see_appointment(session, found)
        if held.expires_at <= now or held.released_at is not None:
            return _page(session, found, words, Asked(Choice(), day=held.sheet.day), now, HoldExpired()), 410
        return render_template("booking/move_confirm.html", **words, **_new_words(session, held, token, now))


def confirm_move(reference: str, secret: str, token: str) -> ResponseReturnValue:
    """Move the appointment to the time that is kept, and give the old one back."""
    now = clock.now()
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(appointing.find(session, reference, secret))
            moving.move_to_hold(session, found, token, now, settings=config())
            browsing.forget()
            flash(_("Your appointment is moved. The old time is given back."), "success")
            return see_appointment(session, found)
    except (Conflict, Invalid, TooMany) as refusal:
        with database().read() as session:
            held = holding.find(session, token)
        return _other_times(reference, secret, Asked(Choice()), refusal, held.start, now)


def _other_times(
    reference: str,
    secret: str,
    wanted: Asked,
    refusal: DomainError,
    around: datetime | None,
    now: datetime,
) -> ResponseReturnValue:
    with database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        words = manage_pages.appointment_words(session, found, now)
        return _page(session, found, words, wanted, now, refusal, around), status_of(refusal)


def _page(
    session: Session,
    found: Appointment,
    words: dict[str, Any],
    wanted: Asked,
    now: datetime,
    refusal: DomainError | None = None,
    around: datetime | None = None,
) -> str:
    place = words["address"]

    def address(each: Asked) -> str:
        anchor = each.day.isoformat() if each.day else None
        query = each.but(choice=Choice()).query()
        return url_for("booking.move", _anchor=anchor, **place, **query)  # type: ignore[arg-type]

    times = time_words.words(
        session, found.office, words["visit"], wanted, now, address=address, around=around
    )
    said = say(refusal) if refusal else None
    words = {**words, **times, "proof": time_pages.challenge_address()}
    return render_template("booking/move.html", refusal=said, wrong_date=wanted.wrong_date, **words)


def _new_words(session: Session, held: Hold, token: str, now: datetime) -> dict[str, Any]:
    zone = held.service.office.time_zone
    return {
        "hold": held,
        "token": token,
        "now": now,
        "new": time_words.when(held.start, zone),
        "new_spot": places.of_hold(session, held),
        "until": dates.clock_time(held.expires_at, zone, language()),
    }
