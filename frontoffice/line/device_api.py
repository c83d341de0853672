"""The API of kiosks and displays: what a device needs to know, what it tells, and a kiosk's journal."""

from datetime import datetime, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.errors import NotAllowed
from frontoffice.line import arriving, day_list, device_setup, device_wire, journal, waiting_time, wire
from frontoffice.line.models import Ticket
from frontoffice.staff import device_reports, devices
from frontoffice.staff.models import Device
from frontoffice.web import access
from frontoffice.web.context import config, database, in_language
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import described

api = APIBlueprint("device_api", __name__, url_prefix="/api/v1/device", abp_tags=[Tag(name="device")])
all_need(api, Kind.DEVICE)

Answer = tuple[dict[str, Any], int]  # the body and the status

DEVICE: list[dict[str, list[Any]]] = [{"device": []}]
SENTENCES = {refusal.code: refusal.sentence for refusal in arriving.REFUSALS}
# Names this start of the device's program: see `device_reports.note_run`.
RUN = "Kiosk-Run"
LONGEST_RUN = 36


@api.get("/setup", responses={200: device_wire.Setup, **described(401)}, security=DEVICE)
def setup() -> Answer:
    """Read what the device needs to know."""
    now, run = clock.now(), _run()
    with database().read() as session:
        device = access.device_required(session)
        to_note = devices.is_due_to_be_seen(device, now) or device_reports.is_new_run(device, run)
        answer = device_setup.of_device(session, device, now, config())
    if to_note:
        with database().write() as session:
            devices.seen(session, device.id, now)
            answer.doubled = device_reports.note_run(session, device.id, run, now)
    return answer.model_dump(mode="json"), 200


@api.get(
    "/appointments",
    responses={200: device_wire.AppointmentsAnswer, **described(401, 403)},
    security=DEVICE,
)
def read_appointments(query: device_wire.AppointmentsQuery) -> Answer:
    """Read today's appointments as digests, for checking in while the device is cut off."""
    with database().read() as session:
        device = _kiosk_required(session)
        found = day_list.of_today(session, device, query.known, clock.now())
    return device_wire.AppointmentsAnswer.of(found).model_dump(mode="json"), 200


@api.post("/state", responses={204: None, **described(401)}, security=DEVICE)
def tell_state(body: device_wire.StateBody) -> tuple[str, int]:
    """Tell how the device is."""
    now = clock.now()
    with database().write() as session:
        device = access.device_required(session)
        device_reports.tell(session, device.id, body.told(), now)
    return "", 204


@api.post("/journal", responses={200: wire.JournalAnswer, **described(401, 403)}, security=DEVICE)
def take_journal(body: wire.JournalBody) -> Answer:
    """Hand in what visitors did at a kiosk."""
    now = clock.now()
    entries = [each.entry() for each in body.entries]
    try:
        device, results = _taken(entries, now, apart=False)
    except (IntegrityError, DataError):  # one of them cannot be stored
        device, results = _taken(entries, now, apart=True)
    # Only who stands there wants to know how long it takes; looked up afterwards, because others wait for the lock.
    present = [each.id for each in entries if not each.handed_out]
    with database().read() as session:
        tickets = journal.tickets_of(session, device, present) if present else {}
        answer = [
            _entry_result(session, each, results[each.id], tickets.get(each.id), now)
            for each in entries
            if each.id in results
        ]
    return wire.JournalAnswer(results=answer).model_dump(mode="json"), 200


def _taken(
    entries: list[journal.Entry], now: datetime, *, apart: bool
) -> tuple[Device, dict[str, journal.Result]]:
    early, late = (
        timedelta(minutes=minutes)
        for minutes in (config().line.early_minutes, config().line.too_late_minutes)
    )
    with database().write() as session:
        device = access.device_required(session)
        results = journal.take(session, device, entries, early=early, late=late, now=now, apart=apart)
        return device, results


def _kiosk_required(session: Session) -> Device:
    device = access.device_required(session)
    if device.series is None:
        raise NotAllowed  # a display checks nobody in
    return device


def _run() -> str | None:
    run = request.headers.get(RUN, "")
    return run if 0 < len(run) <= LONGEST_RUN and run.isascii() and run.isprintable() else None


def _entry_result(
    session: Session, entry: journal.Entry, result: journal.Result, ticket: Ticket | None, now: datetime
) -> wire.EntryResult:
    told = waiting_time.of_ticket(session, ticket, now, config().line) if ticket else None
    return wire.EntryResult(
        id=entry.id,
        outcome="accepted" if result.accepted else "refused",
        ticket=result.ticket,
        service=result.service,
        due_at=datetime.fromisoformat(result.due_at) if result.due_at else None,
        code=result.code,
        sentence=_sentence(result.code, result.language or entry.language) if result.code else None,
        office=result.office,
        wait=device_setup.wait_answer(told),
        room=waiting_time.where(session, ticket) if ticket else None,
        language=result.language,
    )


def _sentence(code: str, language: str) -> str:
    known = config().site.languages
    with in_language(language if language in known else known[0]):
        return str(_(SENTENCES[code]))
