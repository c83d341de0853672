"""The API of one appointment: look, confirm, move, other contact, calendar file, cancel. Its secret opens it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import (
    answers,
    appointing,
    calendar_file,
    choosing,
    confirming,
    contacting,
    guessing,
    moving,
    places,
)
from frontoffice.booking.api import Answer, other_times_than_held, with_other_times, wrong_details
from frontoffice.booking.models import Appointment
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.refusals import HoldExpired, JustTaken
from frontoffice.booking.shapes import AppointmentAnswer, AppointmentPath, Code, NewContact, NewTime
from frontoffice.errors import N_, Invalid, NotSignedIn
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import described

api = APIBlueprint("appointment_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="booking")])
all_need(api, Kind.LINK)

WITH_SECRET: list[dict[str, list[Any]]] = [{"appointment": []}]
CALENDAR = {"description": "The file", "content": {"text/calendar": {"schema": {"type": "string"}}}}


class Opened(NamedTuple):
    """An appointment that somebody has opened with its secret."""

    session: Session
    found: Appointment
    secret: str
    now: datetime

    def answer(self) -> Answer:
        """How it is now."""
        seen = answers.see(self.session, self.found)
        return answers.of_appointment(seen, self.secret, config().site.base_url), 200


@api.get(
    "/appointments/<reference>",
    responses={200: AppointmentAnswer, **described(401, 404, 429)},
    security=WITH_SECRET,
)
def appointment(path: AppointmentPath) -> Answer:
    """An appointment. 404 is the answer to an unknown reference and to a wrong secret alike."""
    with _opened(path, to_write=False) as it:
        return it.answer()


@api.delete(
    "/appointments/<reference>",
    responses={200: AppointmentAnswer, **described(401, 404, 409, 429)},
    security=WITH_SECRET,
)
def cancel(path: AppointmentPath) -> Answer:
    """Cancel an appointment; a second time changes nothing. 409: it is over, or the person is there."""
    with _opened(path) as it:
        appointing.cancel(it.session, it.found, it.now, settings=config())
        return it.answer()


@api.post(
    "/appointments/<reference>/confirmation",
    responses={200: AppointmentAnswer, **described(401, 404, 409, 429)},
    security=WITH_SECRET,
)
def confirm(path: AppointmentPath, body: Code) -> Answer:
    """Confirm an appointment, or its new phone number, by the code from the SMS; a second time changes nothing.

    422: the code is wrong, and can be tried five times in an hour. 409: it has lapsed.
    """
    with _opened(path) as it:
        is_right = confirming.confirm_by_code(it.session, it.found, body.code, it.now, settings=config())
        answer = it.answer()
    if not is_right:  # raised only now, so that the attempt stays counted
        raise Invalid(
            "code", N_("This code is not right. Please look at the last SMS again, or let us send a new one.")
        )
    return answer


@api.post(
    "/appointments/<reference>/confirmation/message",
    responses={200: AppointmentAnswer, **described(401, 404, 429)},
    security=WITH_SECRET,
)
def send_again(path: AppointmentPath) -> Answer:
    """Send the link or the code once more, if something is to be confirmed."""
    with _opened(path) as it:
        confirming.send_again(it.session, it.found, it.now, settings=config())
        return it.answer()


@api.put(
    "/appointments/<reference>/time",
    responses={200: AppointmentAnswer, **described(401, 404, 409, 429)},
    security=WITH_SECRET,
)
def move(path: AppointmentPath, body: NewTime) -> Answer:
    """Move an appointment. The old time is given up only where the new one is certain; again changes nothing.

    409 `just_taken` and `hold_expired` list other times in `alternatives`; the appointment stays where it is.
    """
    if (body.start is None) is (body.hold is None):
        raise Invalid("start", N_("Please give either a start or a hold."))
    try:
        with _opened(path) as it:
            if body.start is not None:
                moving.move(it.session, it.found, body.start, it.now, settings=config())
            elif body.hold is not None:
                moving.move_to_hold(it.session, it.found, body.hold, it.now, settings=config())
            return it.answer()
    except HoldExpired as refusal:
        assert body.hold is not None  # nothing else expires
        return other_times_than_held(refusal, body.hold, clock.now())
    except JustTaken as refusal:
        assert body.start is not None  # what is held cannot be taken
        return _other_times(path, refusal, body.start)


@api.put(
    "/appointments/<reference>/contact",
    responses={200: AppointmentAnswer, **described(401, 404, 409, 429)},
    security=WITH_SECRET,
)
def change_contact(path: AppointmentPath, body: NewContact) -> Answer:
    """Reach the person somewhere else. Where the office asks for it, the new contact is to be confirmed first."""
    try:
        with _opened(path) as it:
            contacting.change(it.session, it.found, body.mail, body.phone, it.now, settings=config())
            return it.answer()
    except WrongDetails as wrong:
        return wrong_details(wrong)


@api.get(
    "/appointments/<reference>/calendar.ics",
    responses={"200": CALENDAR, **described(401, 404, 429)},
    security=WITH_SECRET,
)
def calendar(path: AppointmentPath) -> Response:
    """The calendar file."""
    with _opened(path, to_write=False) as it:
        text = calendar_file.write(it.found, it.found.language, config().site.base_url, it.now)
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{it.found.reference}.ics"'
    return answer


@contextmanager
def _opened(path: AppointmentPath, *, to_write: bool = True) -> Iterator[Opened]:
    """The appointment, if the secret is right. Raises NotSignedIn, NotFound and TooMany."""
    secret, now = _secret(), clock.now()
    begin = database().write if to_write else database().read
    with guessing.counted(database(), access.network(), now), begin() as session:
        yield Opened(session, appointing.find(session, path.reference, secret), secret, now)


def _secret() -> str:
    secret = access.bearer_token()
    if not secret:
        raise NotSignedIn(N_("Please send the secret from the confirmation: Authorization: Bearer …"))
    return secret


def _other_times(path: AppointmentPath, refusal: JustTaken, start: datetime) -> Response:
    with _opened(path, to_write=False) as it:
        office, visit = it.found.office, choosing.kept_visit(it.session, it.found)
        only = places.spot_of(it.found.schedule, office).restriction
        return with_other_times(it.session, refusal, office, visit, start, only, it.now)
