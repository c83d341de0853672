"""What a person hears about a request in a draw: rows for the outbox."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from frontoffice.booking.models import Appointment
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.draw.models import Draw, DrawRequest, RequestState
from frontoffice.languages import speaking
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium

SOON = 3  # priority
WORTH = timedelta(days=2)  # how long a result is still good to hear


def subject(request: DrawRequest) -> str:
    """By what name messages refer to a request."""
    return f"draw_request:{request.id}"


def link(request: DrawRequest, secret: str, base_url: str) -> str:
    """The address of the page of a request."""
    return f"{base_url}/draws/{request.draw.code}/{request.number}/{secret}/"


def page(draw: Draw, base_url: str, language: str) -> str:
    """The address of the public page of a draw, for who reads this language."""
    return speaking(f"{base_url}/draws/{draw.code}/", language)


def entered(
    session: Session, request: DrawRequest, person: Person, secret: str, now: datetime, settings: Config
) -> None:
    """Confirm that the request is in the draw, with its number; while the contact is unproven, ask to prove it.

    That is asked once in an hour, however often the form is sent.
    """
    unproven = request.state is RequestState.UNPROVEN
    said = {
        **_said(request, link(request, secret, settings.site.base_url)),
        "unproven": "yes" if unproven else "",
        "until_at": request.draw.closes_at.isoformat(),
        "time_zone": request.draw.office.time_zone,
    }
    again = f":unproven:{now:%Y%m%d%H}" if unproven else ""
    _write(session, request, person, "draw_entered", said, now, request.draw.closes_at, again)


def withdrawn(session: Session, request: DrawRequest, now: datetime) -> None:
    """What has not left yet does not leave."""
    outbox.cancel(session, subject(request), now)


def won(
    session: Session,
    request: DrawRequest,
    appointment: Appointment,
    person: Person,
    secret: str,
    now: datetime,
    settings: Config,
) -> None:
    """Tell which appointment was won, and until when it has to be confirmed."""
    until = appointment.confirm_by or appointment.start
    said = {
        **_said(request, link(request, secret, settings.site.base_url)),
        "outcome": "won",
        "draw_link": page(request.draw, settings.site.base_url, request.language),
        "starts_at": appointment.start.isoformat(),
        "until_at": until.isoformat(),
        "time_zone": request.draw.office.time_zone,
    }
    _write(session, request, person, "draw_result", said, now, until)


def not_won(
    session: Session,
    request: DrawRequest,
    outcome: str,
    address: str,
    person: Person,
    now: datetime,
    settings: Config,
) -> None:
    """Tell that there is no appointment; `outcome` is "listed" or "refused", `address` the page to look at."""
    said = {
        **_said(request, address),
        "outcome": outcome,
        "draw_link": page(request.draw, settings.site.base_url, request.language),
    }
    _write(session, request, person, "draw_result", said, now, now + WORTH)


def _said(request: DrawRequest, address: str) -> dict[str, str]:
    names = request.service.names
    return {
        "office_name": request.draw.office.name,
        "service": names.get(request.language) or names["de"],
        "reference": request.number,
        "link": address,
    }


def _write(
    session: Session,
    request: DrawRequest,
    person: Person,
    kind: str,
    said: dict[str, str],
    now: datetime,
    worth_until: datetime,
    again: str = "",
) -> None:
    drafts = [
        outbox.Draft(
            kind=kind,
            medium=medium,
            to=to,
            language=request.language,
            office_id=request.draw.office_id,
            subject=subject(request),
            dedupe_key=f"{subject(request)}:{kind}{again}:{medium}",
            parameters=said,
            expires_at=worth_until,
            priority=SOON,
        )
        for medium, to in ((Medium.MAIL, person.mail), (Medium.SMS, person.phone))
        if to
    ]
    outbox.enqueue_all(session, drafts, now)
