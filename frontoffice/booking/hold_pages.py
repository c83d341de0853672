"""While a time is kept: who comes, keep it longer, give it back; and what becomes of it."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import (
    admission,
    appointing,
    browsing,
    choosing,
    dates,
    fairness,
    holding,
    lengthening,
    places,
    time_pages,
)
from frontoffice.booking.forms import ContactForm
from frontoffice.booking.manage_pages import see_appointment
from frontoffice.booking.models import Hold
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.refusals import HoldExpired
from frontoffice.booking.time_words import when
from frontoffice.errors import Conflict, DomainError, TooMany
from frontoffice.web import access
from frontoffice.web.context import config, database, language, say
from frontoffice.web.problems import status_of


def contact(token: str) -> ResponseReturnValue:
    """Ask who comes, while the time is kept; lead on from where a hold has become something else."""
    now = clock.now()
    with database().read() as session:
        held = holding.find(session, token)
        appointment = appointing.of_hold(session, held)
        if appointment is not None:
            return see_appointment(session, appointment)
        if held.expires_at <= now or held.released_at is not None:
            return _lapsed_page(session, held), 410
        return _contact_page(session, held, token, ContactForm(), now)


def book(token: str) -> ResponseReturnValue:
    """Book what is kept, once, however often the form is sent."""
    now, form = clock.now(), ContactForm(request.form)
    try:
        admission.refuse_trapped(database(), form.remarks.data, now)
        person = form.person(now.date())
        fairness.count_network(database(), access.network(), now, config().fairness, "booking")
        with database().write() as session:
            appointment = appointing.book(session, token, person, language(), now, settings=config())
            browsing.forget()
            return see_appointment(session, appointment)
    except HoldExpired as refusal:
        return time_pages.too_late(token, refusal, now)
    except (WrongDetails, Conflict, TooMany) as refusal:
        return _not_like_this(token, form, refusal, now)


def keep_longer(token: str) -> ResponseReturnValue:
    """Keep the time some minutes longer, once."""
    now = clock.now()
    with database().write() as session:
        if lengthening.keep_longer(session, token, now, rules=config().booking):
            flash(_("We keep this time longer for you."), "success")
    return redirect(url_for("booking.contact", token=token), 303)


def give_back(token: str) -> ResponseReturnValue:
    """Give the time back, and lead to the others."""
    now = clock.now()
    with database().write() as session:
        held = holding.find(session, token)
        appointment = appointing.of_hold(session, held)
        if appointment is not None:
            return see_appointment(session, appointment)
        holding.release(session, token, now)
        back = time_pages.address_of(held.service.office.slug, time_pages.asked_of(session, held))
    browsing.forget()
    flash(_("You have given the time back. It is free for others now."), "info")
    return redirect(back, 303)


def _not_like_this(token: str, form: ContactForm, refusal: DomainError, now: datetime) -> ResponseReturnValue:
    """The page again, with what was typed and what is wrong with it."""
    if isinstance(refusal, WrongDetails):
        for problem in refusal.problems:
            form.refuse(problem, say)
        said = None
    else:
        said = say(refusal)
    with database().read() as session:
        held = holding.find(session, token)
        return _contact_page(session, held, token, form, now, said), status_of(refusal)


def _contact_page(
    session: Session, held: Hold, token: str, form: ContactForm, now: datetime, refusal: str | None = None
) -> str:
    rules = config().booking
    return render_template(
        "booking/contact.html",
        form=form,
        hold=held,
        token=token,
        now=now,
        refusal=refusal,
        longer=rules.longer_minutes if lengthening.can_last_longer(held, now, rules=rules) else 0,
        until=dates.clock_time(held.expires_at, held.service.office.time_zone, language()),
        **_hold_words(session, held),
    )


def _lapsed_page(session: Session, held: Hold) -> str:
    was_given_back = held.released_at is not None and held.released_at < held.expires_at
    return render_template("booking/lapsed.html", was_given_back=was_given_back, **_hold_words(session, held))


def _hold_words(session: Session, held: Hold) -> dict[str, Any]:
    office = held.service.office
    return {
        "current_office": office,
        "visit": choosing.kept_visit(session, held),
        "spot": places.of_hold(session, held),
        "again": time_pages.address_of(office.slug, time_pages.asked_of(session, held)),
        **when(held.start, office.time_zone),
    }
