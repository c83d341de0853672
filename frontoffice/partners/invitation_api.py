"""The API for invitations: another system asks for an appointment, and asks what became of it."""

from datetime import datetime, timedelta
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from frontoffice import birth_date, clock
from frontoffice.booking import person as people
from frontoffice.booking import sheet
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.shapes import Retry
from frontoffice.errors import Invalid
from frontoffice.messages import addresses
from frontoffice.partners import invitations, inviting
from frontoffice.partners.api import SECURITY, Answer, language_of, utc, wrong_details
from frontoffice.partners.callers import partner_required
from frontoffice.partners.invitation_shapes import (
    InvitationPath,
    InvitationQuery,
    InvitationShape,
    InvitationsShape,
    InvitedShape,
    NewInvitation,
)
from frontoffice.partners.invitations import Known
from frontoffice.partners.models import Invitation, Scope
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import described

api = APIBlueprint(
    "invitations_api", __name__, url_prefix="/api/v1/invitations", abp_tags=[Tag(name="invitations")]
)
all_need(api, Kind.PARTNER)


@api.post("", responses={201: InvitationShape, **described(401, 403, 404, 409)}, security=SECURITY)
def ask(header: Retry, body: NewInvitation) -> Answer:
    """Ask for an appointment for a person, who takes a time through the link.

    With the same Idempotency-Key the same invitation comes back, also with 201.
    """
    now = clock.now()
    number = partner_required(Scope.INVITE, now)
    try:
        person, language = _known(body.person, now), language_of(body.language)
    except WrongDetails as wrong:
        return wrong_details(wrong, "person")
    asked = inviting.Asked(
        body.office,
        body.service,
        body.schedule,
        body.earliest,
        body.latest,
        body.minutes,
        language,
        body.reference,
        person,
    )
    with database().write() as session:
        invitation = inviting.ask(session, number, asked, now, settings=config(), key=header.key)
        return _invitation(session, invitation, now), 201


@api.get("", responses={200: InvitationsShape, **described(401, 403)}, security=SECURITY)
def listed(query: InvitationQuery) -> Answer:
    """The invitations with one's own reference, the newest first."""
    now = clock.now()
    number = partner_required(Scope.INVITE, now)
    with database().read() as session:
        found = invitations.listed(session, number, query.reference)
        return {"invitations": [_invitation(session, each, now) for each in found]}, 200


@api.get("/<invitation>", responses={200: InvitationShape, **described(401, 403, 404)}, security=SECURITY)
def invitation(path: InvitationPath) -> Answer:
    """What has become of an invitation of one's own."""
    now = clock.now()
    number = partner_required(Scope.INVITE, now)
    with database().read() as session:
        return _invitation(session, invitations.find(session, number, path.invitation), now), 200


@api.delete(
    "/<invitation>", responses={200: InvitationShape, **described(401, 403, 404, 409)}, security=SECURITY
)
def withdraw(path: InvitationPath) -> Answer:
    """Take an invitation back. If it was taken, the appointment is cancelled and the person is told.

    A second time changes nothing. 409: the appointment is over, or the person is there.
    """
    now = clock.now()
    number = partner_required(Scope.INVITE, now)
    with database().write() as session:
        found = inviting.withdraw(session, number, path.invitation, now, settings=config())
        return _invitation(session, found, now), 200


def _known(body: InvitedShape, now: datetime) -> Known:
    """What is known of the person, checked as far as it goes. Raises WrongDetails."""
    problems: list[Invalid] = []
    known: dict[str, Any] = {}
    checks: dict[str, Any] = {
        "name": people.full_name,
        "born": lambda born: birth_date.parse(born.isoformat(), now.date()),
        "mail": addresses.mail_address,
        "phone": addresses.phone_number,
    }
    for field, check in checks.items():
        given = getattr(body, field)
        try:
            known[field] = check(given) if given else None
        except Invalid as wrong:
            problems.append(wrong)
    if problems:
        raise WrongDetails(problems)
    return Known(**known)


def _invitation(session: Session, found: Invitation, now: datetime) -> dict[str, Any]:
    return {
        "id": found.name,
        "link": invitations.link_of(session, found, config().site.base_url),
        "state": invitations.state_of(found, now),
        "office": found.office.slug,
        "service": found.service.slug,
        "schedule": found.schedule.slug if found.schedule else None,
        "earliest": utc(found.earliest),
        "latest": utc(found.latest),
        "minutes": found.minutes,
        "reference": invitations.reference_of(session, found),
        "appointment": _taken(found),
    }


def _taken(found: Invitation) -> dict[str, Any] | None:
    booked = found.appointment
    if booked is None:
        return None
    return {
        "reference": booked.reference,
        "state": booked.state,
        "start": utc(booked.start),
        "end": utc(booked.start + timedelta(minutes=sheet.MINUTES * booked.ticks)),
    }
