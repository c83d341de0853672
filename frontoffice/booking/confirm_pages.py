"""Confirming an appointment: by the link from the mail, or by the code from the SMS."""

from datetime import datetime

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from frontoffice import clock
from frontoffice.booking import appointing, confirming, guessing, manage_pages
from frontoffice.booking.forms import CodeForm
from frontoffice.booking.manage_pages import see_appointment
from frontoffice.booking.models import State
from frontoffice.errors import N_, Conflict, DomainError, Invalid, NotFound, TooMany
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language
from frontoffice.web.problems import status_of

WRONG_CODE = N_("This code is not right. Please look at the last SMS again, or let us send a new one.")


def ask_to_confirm(reference: str, secret: str, proof: str) -> ResponseReturnValue:
    """A button: programs that look through mails open links, but they press nothing."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        if not confirming.is_proof(session, found, proof):
            raise NotFound
        words = manage_pages.appointment_words(session, found, now)
        if words["asked"] is None:
            return see_appointment(session, found)
        return render_template("booking/confirm_link.html", **words)


def confirm(reference: str, secret: str, proof: str) -> ResponseReturnValue:
    """Confirm by the link from the mail."""
    now = clock.now()
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(appointing.find(session, reference, secret))
            was_confirmed = found.state is State.CONFIRMED
            confirming.confirm_by_link(session, found, proof, now, settings=config())
            _say_what_is_done(was_confirmed)
            return see_appointment(session, found)
    except Conflict as refusal:
        return _again(reference, secret, CodeForm(), refusal, now)


def confirm_by_code(reference: str, secret: str) -> ResponseReturnValue:
    """Confirm by the code from the SMS."""
    now, form = clock.now(), CodeForm(request.form)
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(appointing.find(session, reference, secret))
            was_confirmed = found.state is State.CONFIRMED
            is_right = confirming.confirm_by_code(
                session, found, form.code.data or "", now, settings=config()
            )
            answer = see_appointment(session, found)
        if is_right:
            _say_what_is_done(was_confirmed)
            return answer
        return _again(reference, secret, form, Invalid("code", WRONG_CODE), now)
    except (Conflict, TooMany) as refusal:
        return _again(reference, secret, form, refusal, now)


def send_again(reference: str, secret: str) -> ResponseReturnValue:
    """Send the link or the code once more."""
    now = clock.now()
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = in_its_language(appointing.find(session, reference, secret))
            confirming.send_again(session, found, now, settings=config())
            flash(_("We have sent it once more."), "success")
            return see_appointment(session, found)
    except (Conflict, TooMany) as refusal:
        return _again(reference, secret, CodeForm(), refusal, now)


def _say_what_is_done(was_confirmed: bool) -> None:
    if was_confirmed:
        flash(_("Thank you. We reach you there from now on."), "success")


def _again(
    reference: str, secret: str, form: CodeForm, refusal: DomainError, now: datetime
) -> ResponseReturnValue:
    """The page of the appointment with what is wrong."""
    said = manage_pages.refuse(form, refusal)
    with database().read() as session:
        found = in_its_language(appointing.find(session, reference, secret))
        return manage_pages.appointment_page(session, found, now, form, refusal if said else None), status_of(
            refusal
        )
