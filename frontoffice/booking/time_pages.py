"""The page of free times: a month calendar and the next free times, by part of the day and by place."""

from datetime import datetime
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import (
    admission,
    asked,
    browsing,
    choosing,
    dates,
    holding,
    places,
    sheet,
    time_words,
)
from frontoffice.booking.asked import Asked
from frontoffice.booking.choice import Choice
from frontoffice.booking.forms import HoldForm
from frontoffice.booking.models import Hold
from frontoffice.booking.places import Spot
from frontoffice.booking.refusals import HoldExpired, JustTaken
from frontoffice.booking.service_pages import to_the_choice
from frontoffice.booking.time_words import when
from frontoffice.booking.visit import Visit
from frontoffice.errors import Conflict, DomainError, Invalid, TooMany
from frontoffice.offices.models import Office
from frontoffice.web import access
from frontoffice.web.context import config, database, language, say
from frontoffice.web.problems import status_of


def times(office_slug: str, service_slug: str) -> ResponseReturnValue:
    """Free times for what `?with=` says, or else for one person and the service that the address names."""
    wanted = asked.read(request.args.to_dict(flat=False), service_slug)
    if wanted.choice.main != service_slug:
        return redirect(address_of(office_slug, wanted), 303)
    try:
        with database().read() as session:
            office, visit = choosing.chosen(session, office_slug, wanted.choice.items)
            return _page(session, office, visit, wanted, clock.now())
    except Invalid:
        return to_the_choice(office_slug, wanted.choice)


def hold(office_slug: str, service_slug: str) -> ResponseReturnValue:
    """Keep the chosen time for the visitor, or offer others."""
    now, form = clock.now(), HoldForm(request.form)
    wanted = asked.read(request.form.to_dict(flat=False), service_slug)
    try:
        admit(form, now, str(wanted.choice))
        with database().write() as session:
            office, visit = choosing.chosen(session, office_slug, wanted.choice.items)
            _hold, token = keep(
                session, office, visit, places.spot(session, office, visit, wanted.place), form, now
            )
    except (Conflict, Invalid, TooMany) as refusal:
        return _other_times(office_slug, wanted, form, refusal, now)
    return redirect(url_for("booking.contact", token=token), 303)


def admit(form: HoldForm, now: datetime, what_for: str) -> None:
    """Raise a refusal where this browser may not hold a time now; `what_for` as in the form's idempotency key."""
    admission.admit(
        database(),
        request.remote_addr,
        access.network(),
        form.proof.data,
        now,
        rules=config().fairness,
        key=form.idempotency_key(what_for),
    )


def challenge_address() -> str | None:
    """Where the browser gets the captcha's challenge; None where none is asked for."""
    return url_for("booking_api.challenge") if config().fairness.captcha == "on" else None


def keep(
    session: Session, office: Office, visit: Visit, spot: Spot | None, form: HoldForm, now: datetime
) -> tuple[Hold, str]:
    """Hold the time of the form for this browser. Raises what `holding.hold` raises."""
    kept, token = holding.hold(
        session,
        office,
        visit,
        form.moment(),
        now,
        rules=config().booking,
        schedules=spot.restriction if spot else None,
        key=form.idempotency_key(str(visit.stored)),
        visitor=browsing.visitor(),
    )
    browsing.remember(token)
    return kept, token


def address_of(office_slug: str, wanted: Asked) -> str:
    """The address of the page of free times for what somebody asks; of a chosen day it is the place on the page."""
    slugs = {"office_slug": office_slug, "service_slug": wanted.choice.main}
    anchor = wanted.day.isoformat() if wanted.day else None
    return url_for("booking.times", _anchor=anchor, **slugs, **wanted.query())  # type: ignore[arg-type]


def too_late(token: str, refusal: HoldExpired, now: datetime) -> ResponseReturnValue:
    """Other times, where one that was held is gone."""
    with database().read() as session:
        held = holding.find(session, token)
        wanted = asked_of(session, held)
        visit, office = choosing.kept_visit(session, held), held.service.office
        return _page(session, office, visit, wanted, now, refusal, held.start), status_of(refusal)


def asked_of(session: Session, held: Hold) -> Asked:
    """What somebody asked for who holds this: the same day, place and services."""
    visit = choosing.kept_visit(session, held)
    slugs = [(item.offer.slug, item.people) for item in visit.items]  # type: ignore[attr-defined]
    chosen = Choice(tuple(slugs))
    return Asked(chosen, place=places.of_hold(session, held).slug, day=held.sheet.day)


def _page(
    session: Session,
    office: Office,
    visit: Visit,
    wanted: Asked,
    now: datetime,
    refusal: DomainError | None = None,
    around: datetime | None = None,
) -> str:
    if around:
        wanted = wanted.but(day=sheet.day_of(around, office.time_zone))
    words = time_words.words(
        session, office, visit, wanted, now, address=lambda each: address_of(office.slug, each), around=around
    )
    return render_template(
        "booking/times.html",
        current_office=office,
        visit=visit,
        service=visit.main,
        choice=wanted.choice,
        refusal=say(refusal) if refusal else None,
        wrong_date=wanted.wrong_date,
        live=live_hold(session, now),
        proof=challenge_address(),
        elsewhere=_elsewhere(session, office, wanted, words, now) if not wanted.day else [],
        waitlist=_waitlist(office, wanted),
        emergency=_emergency(office, visit),
        **words,
    )


def live_hold(session: Session, now: datetime) -> dict[str, str] | None:
    """What this browser holds at the moment, in words, and where it goes on with it."""
    kept = browsing.held(session)
    if kept is None or kept[0].released_at is not None or kept[0].expires_at <= now:
        return None
    held, token = kept
    zone = held.service.office.time_zone
    until = dates.clock_time(held.expires_at, zone, language())
    return {"url": url_for("booking.contact", token=token), "until": until, **when(held.start, zone)}


def _other_times(
    office_slug: str, wanted: Asked, form: HoldForm, refusal: DomainError, now: datetime
) -> ResponseReturnValue:
    around = form.moment() if isinstance(refusal, JustTaken) else None
    with database().read() as session:
        try:
            office, visit = choosing.chosen(session, office_slug, wanted.choice.items)
        except Invalid:
            return to_the_choice(office_slug, wanted.choice)
        return _page(session, office, visit, wanted, now, refusal, around), status_of(refusal)


def _elsewhere(
    session: Session, office: Office, wanted: Asked, words: dict[str, Any], now: datetime
) -> list[dict[str, Any]]:
    """Other offices where it goes sooner than here."""
    table = words["table"]
    here = min(table.soonest, default=None) if table else None
    found = places.elsewhere(session, office, wanted.choice, now, config().booking, before=here)
    return [
        {
            "name": each.office.name,
            "city": each.office.city,
            "url": address_of(each.office.slug, Asked(wanted.choice, place=each.spot.slug)),
            **when(each.first, each.office.time_zone),
        }
        for each in found
    ]


def _emergency(office: Office, visit: Visit) -> str | None:
    """Where an appointment for an emergency is booked, if the office offers that and this is none."""
    for service in office.services:
        if (
            service.slug == "emergency"
            and service.active
            and service.online
            and service.id not in visit.service_ids
        ):
            return url_for("booking.times", office_slug=office.slug, service_slug=service.slug)
    return None


def _waitlist(office: Office, wanted: Asked) -> str | None:
    """Where to ask for an earlier time, if there is a waiting list."""
    if "waitlist.join" not in current_app.view_functions:
        return None
    return url_for("waitlist.join", office_slug=office.slug, **{"with": str(wanted.choice)})  # type: ignore[arg-type]
