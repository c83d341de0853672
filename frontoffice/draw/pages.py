"""The public pages of draws: what there is, taking part, one's own request, and all that is needed to check a draw."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, json, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import (
    admission,
    appointing,
    choosing,
    confirming,
    guessing,
    references,
    sheet,
)
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.time_pages import challenge_address
from frontoffice.booking.time_words import when
from frontoffice.draw import drawing, entering, letters, lottery, making
from frontoffice.draw.forms import RequestForm
from frontoffice.draw.models import Draw, DrawRequest, DrawState, Weights
from frontoffice.errors import Conflict, DomainError, Invalid, NotFound, TooMany
from frontoffice.messages import preferences
from frontoffice.offices.models import Confirmation, Service
from frontoffice.waitlist import entries
from frontoffice.waitlist import words as wish_words
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, language, say
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import status_of

pages = Blueprint("draw", __name__)
all_need(pages, Kind.PUBLIC)

DAY = timedelta(days=1)
REQUEST = "/draws/<code>/<number>/<secret>/"


@pages.get("/draws/at/<office_slug>/")
def draws(office_slug: str) -> ResponseReturnValue:
    """The draws of an office: those that take requests, and those before."""
    now = clock.now()
    with database().read() as session:
        office = choosing.office(session, office_slug)
        found = [
            draw_words(session, each, now)
            for each in making.of_office(session, office.id)
            if each.state is not DrawState.CANCELLED
        ]
        return render_template("draw/draws.html", current_office=office, draws=found)


@pages.route("/draws/<code>/", methods=["GET", "POST"])
def draw(code: str) -> ResponseReturnValue:
    """A draw: how it works, how far it is, and taking part while its window is open."""
    now, form = clock.now(), RequestForm(request.form)
    if request.method == "GET":
        return _draw_page(code, None, now)
    try:
        _enter(code, form, now)
    except (Invalid, Conflict, TooMany) as refusal:
        return _draw_page(code, form, now, refusal)
    return redirect(url_for(".sent", code=code), 303)


@pages.get("/draws/<code>/sent")
def sent(code: str) -> ResponseReturnValue:
    """Say that the request is in, and that the number is in the message; or that the link in it has to be opened."""
    with database().read() as session:
        found = making.find(session, code)
        return render_template("draw/sent.html", **draw_words(session, found, clock.now()))


@pages.get("/draws/<code>/record.json")
def record(code: str) -> ResponseReturnValue:
    """All that is needed to check the draw."""
    with database().read() as session:
        found = making.find(session, code)
        answer = Response(json.dumps(drawing.record(session, found)), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="draw-{found.code}.json"'
    return answer


@pages.get(REQUEST)
@needs(Kind.LINK)
def mine(code: str, number: str, secret: str) -> ResponseReturnValue:  # noqa: ARG001 (the number is enough)
    """One's own request and what has become of it."""
    return _request_page(number, secret, clock.now())


@pages.post(REQUEST + "<any(prove, confirm, withdraw):act>")
@needs(Kind.LINK)
def do(code: str, number: str, secret: str, act: str) -> ResponseReturnValue:
    """Prove the contact, take the request back, or confirm the appointment that was won."""
    now = clock.now()
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(entering.find(session, number, secret))
            if act == "withdraw":
                entering.withdraw(session, found, now)
                flash(_("You have taken your request back."), "info")
            elif act == "prove":
                entering.prove(session, found, now, settings=config())
            else:
                won = _appointment(session, found)
                if won is None:
                    raise NotFound
                # The link went to this contact only, so whoever presses the button is reached by it.
                confirming.confirm(session, won, now, settings=config())
                return _see_appointment(session, won)
    except Conflict as refusal:
        return _request_page(number, secret, now, refusal)
    return redirect(url_for(".mine", code=code, number=number, secret=secret), 303)


def draw_words(session: Session, found: Draw, now: datetime) -> dict[str, Any]:
    """What templates say about a draw."""
    zone = found.office.time_zone
    return {
        "current_office": found.office,
        "draw": found,
        "services": making.services_of(session, found),
        "days": wish_words.days_words(found.first_day, found.until_day),
        "opens": when(found.opens_at, zone),
        "closes": when(found.closes_at, zone),
        "is_open": entering.is_open(found, now),
        "is_to_come": found.state is DrawState.PLANNED and now < found.opens_at,
        "count": entering.count(session, found) if found.state is not DrawState.PLANNED else None,
        "asks_for_proof": found.office.confirmation is not Confirmation.NONE,
        "by_expiry": found.weights is Weights.EXPIRY,
        "horizon": lottery.HORIZON,
    }


def _enter(code: str, form: RequestForm, now: datetime) -> None:
    admission.refuse_trapped(database(), form.remarks.data, now)
    person, wish, expires_on = form.all(now.date())
    network, rules = access.network(), config().fairness
    admission.admit(database(), request.remote_addr, network, form.proof.data, now, rules=rules)
    with database().write() as session:
        found = making.find(session, code)
        _office, visit = choosing.chosen(session, found.office.slug, [form.wanted()])
        entering.enter(session, found, visit, wish, expires_on, person, language(), now, settings=config())


def _draw_page(
    code: str, form: RequestForm | None, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    with database().read() as session:
        found = making.find(session, code)
        shown = draw_words(session, found, now)
        if form is None:
            last = found.until_day - DAY
            form = RequestForm(
                data={
                    "first_day": found.first_day.isoformat(),
                    "until": last.isoformat(),
                    "weekdays": list(range(7)),
                    "people": "1",
                }
            )
        names: list[Service] = list(shown["services"])
        form.service.choices = [(each.slug, each.names.get(language()) or each.names["de"]) for each in names]
        today = sheet.day_of(now, found.office.time_zone)
        days = [found.first_day + number * DAY for number in range((found.until_day - found.first_day).days)]
        on = {day.weekday() for day in days}
        words = wish_words.form_words(session, found.office, form, refusal, today, on)
        shown |= {**words, "today": found.first_day, "furthest": found.until_day - DAY}
        page = render_template(
            "draw/draw.html",
            most_people=max((each.most_people for each in names), default=1),
            proof=challenge_address(),
            **shown,
        )
        return page, status_of(refusal) if refusal else 200


def _request_page(
    number: str, secret: str, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(entering.find(session, number, secret))
        won = _appointment(session, found)
        entry = found.entry
        page = render_template(
            "draw/request.html",
            refusal=say(refusal) if refusal else None,
            request_=found,
            number=references.shown(found.number),
            visit=choosing.visit_of(session, found.items),
            wish=wish_words.wish_words(entering.wish_of(found)),
            won=None if won is None else _won_words(session, won),
            entry=None
            if entry is None
            else url_for(
                "waitlist.entry", reference=entry.reference, secret=entries.secret_of(session, entry)
            ),
            messages_page=preferences.of_subject(session, letters.subject(found)),
            can_withdraw=found.state in entering.WITHDRAWABLE and entering.is_open(found.draw, now),
            address={"code": found.draw.code, "number": found.number, "secret": secret},
            **draw_words(session, found.draw, now),
        )
        return page, status_of(refusal) if refusal else 200


def _won_words(session: Session, won: Appointment) -> dict[str, Any]:
    zone = won.office.time_zone
    return {
        **when(won.start, zone),
        "state": won.state.value,
        "is_open": won.state is State.UNCONFIRMED,
        "until": when(won.confirm_by, zone) if won.confirm_by else None,
        "url": _appointment_address(session, won),
    }


def _appointment(session: Session, found: DrawRequest) -> Appointment | None:
    return session.get(Appointment, found.appointment_id) if found.appointment_id is not None else None


def _appointment_address(session: Session, won: Appointment) -> str:
    secret = appointing.secret_of(session, won)
    return url_for("booking.appointment", reference=won.reference, secret=secret)


def _see_appointment(session: Session, won: Appointment) -> ResponseReturnValue:
    return redirect(_appointment_address(session, won), 303)
