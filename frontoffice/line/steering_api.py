"""The API of the line's other verbs: look, pick, park, pass on, let go first, keep for somebody, undo, pause, help."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.errors import N_, Invalid
from frontoffice.line import (
    calling,
    closing,
    desk,
    helping,
    order,
    parking,
    seat,
    staffing,
    steering,
    steering_wire,
    undoing,
    wire,
)
from frontoffice.line.calling import Visit
from frontoffice.line.models import Ticket
from frontoffice.offices import finding
from frontoffice.offices.models import Service
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import all_need, needs
from frontoffice.web.problems import described

api = APIBlueprint("steering_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="line")])
all_need(api, Permission.SERVE)

Answer = tuple[dict[str, Any], int]  # the body and the status
Verb = Callable[..., Any]  # of (session, counter, account, now, …)

STAFF: list[dict[str, list[Any]]] = [{"staff": []}]
ERRORS = described(401, 403, 404, 409)
VISIT: dict[Any, Any] = {200: wire.CounterAnswer, **ERRORS}
TICKET: dict[Any, Any] = {200: steering_wire.LineAnswer, **ERRORS}
DONE: dict[Any, Any] = {200: steering_wire.DoneAnswer, **ERRORS}


@api.get(
    "/counters/<int:counter>/desk",
    responses={200: steering_wire.DeskAnswer, **described(401, 403, 404)},
    security=STAFF,
)
def read_desk(path: wire.CounterPath) -> Answer:
    """Look who waits for a counter, without calling anybody."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SERVE, now)
        counter = seat.counter_for(session, path.counter, account)
        today = sheet.day_of(now, counter.office.time_zone)
        shown = desk.desk(session, counter, today, now, order.rules_of(config().line))
        return steering_wire.DeskAnswer.of(counter.id, shown).model_dump(mode="json"), 200


@api.post("/counters/<int:counter>/pick", responses=VISIT, security=STAFF)
def pick(path: wire.CounterPath, body: steering_wire.NumberBody) -> Answer:
    """Call a certain ticket that waits or is parked, whatever its place."""
    return _visit(path, calling.pick, body.ticket)


@api.post("/counters/<int:counter>/finish-as", responses=VISIT, security=STAFF)
def finish_as(path: wire.CounterPath, body: steering_wire.FinishBody) -> Answer:
    """Note that the visit is over, and which services were really done."""

    def act(session: Session, counter: int, account: Account, now: datetime) -> Visit:
        done = [_service(session, counter, account, "done", slug) for slug in body.done]
        return calling.finish(session, counter, account, now, body.ticket, done)

    return _visit(path, act)


@api.post("/counters/<int:counter>/park", responses=TICKET, security=STAFF)
def park(path: wire.CounterPath, body: steering_wire.ParkBody) -> Answer:
    """Let the counter's visitor wait aside; the place in the line is kept."""
    until = body.moment()
    return _ticket(path, parking.park, body.ticket, reason=body.reason, wake_at=until)


@api.post("/counters/<int:counter>/send-away", responses=TICKET, security=STAFF)
def send_away(path: wire.CounterPath, body: steering_wire.SendAwayBody) -> Answer:
    """Send the visitor to pay or to fill in a form: who comes straight back is next at this counter."""
    return _ticket(path, parking.send_away, body.ticket, reason=body.reason)


@api.post("/counters/<int:counter>/back", responses=TICKET, security=STAFF)
def is_back(path: wire.CounterPath, body: steering_wire.NumberBody) -> Answer:
    """Note that a parked visitor is there again."""
    return _ticket(path, parking.is_back, body.ticket)


@api.post("/counters/<int:counter>/transfer", responses=TICKET, security=STAFF)
def transfer(path: wire.CounterPath, body: steering_wire.TransferBody) -> Answer:
    """Pass the visitor on to a counter, a team or a service; the place in the line is kept."""

    def act(session: Session, counter: int, account: Account, now: datetime) -> Ticket:
        slug = body.to_service
        return steering.transfer(
            session,
            counter,
            account,
            now,
            body.ticket,
            to_counter_id=body.to_counter,
            to_service_id=_service(session, counter, account, "to_service", slug) if slug else None,
            to_team=body.to_team,
            note=body.note,
        )

    return _ticket(path, act)


@api.post("/counters/<int:counter>/favour", responses=TICKET, security=STAFF)
def favour(path: wire.CounterPath, body: steering_wire.FavourBody) -> Answer:
    """Let somebody go first, for a reason."""
    return _ticket(path, steering.favour, body.ticket, body.reason)


@api.post("/counters/<int:counter>/wish", responses=TICKET, security=STAFF)
def wish(path: wire.CounterPath, body: steering_wire.KeptForBody) -> Answer:
    """Keep a ticket for a counter, a colleague, a language or a team."""
    return _ticket(
        path,
        steering.wish,
        body.ticket,
        for_counter_id=body.for_counter,
        for_account_id=body.for_account,
        for_language=body.for_language,
        for_team=body.for_team,
    )


@api.post("/counters/<int:counter>/leave", responses=TICKET, security=STAFF)
def leave(path: wire.CounterPath, body: steering_wire.NumberBody) -> Answer:
    """Take somebody who has gone out of the line."""
    return _ticket(path, steering.leave, body.ticket)


@api.post("/counters/<int:counter>/undo", responses=TICKET, security=STAFF)
def undo(path: wire.CounterPath, body: steering_wire.UndoBody) -> Answer:
    """Take back the last step at this counter, within a minute; sent again, it does nothing more."""
    return _ticket(path, undoing.undo, body.step)


@api.post("/counters/<int:counter>/pause", responses=DONE, security=STAFF)
def pause(path: wire.CounterPath) -> Answer:
    """Call nobody for a while; the screen says so."""
    return _done(path, staffing.pause)


@api.post("/counters/<int:counter>/resume", responses=DONE, security=STAFF)
def resume(path: wire.CounterPath) -> Answer:
    """End the pause."""
    return _done(path, staffing.resume)


@api.post("/counters/<int:counter>/help", responses=DONE, security=STAFF)
def call_for_help(path: wire.CounterPath, body: steering_wire.HelpBody) -> Answer:
    """Ask a colleague to come to this counter."""
    return _done(path, staffing.call_for_help, from_counter_id=body.from_counter)


@api.post("/counters/<int:counter>/alarm", responses=DONE, security=STAFF)
def alarm(path: wire.CounterPath) -> Answer:
    """Alarm all colleagues: somebody at this counter is in danger."""
    return _done(path, staffing.alarm)


@api.post("/counters/<int:counter>/coming", responses=DONE, security=STAFF)
def answer(path: wire.CounterPath, body: steering_wire.CryBody) -> Answer:
    """Say that somebody comes from this counter to help."""
    return _done(path, helping.answer, body.cry)


@api.post("/counters/<int:counter>/settle", responses=DONE, security=STAFF)
def settle(path: wire.CounterPath, body: steering_wire.CryBody) -> Answer:
    """Say that an alarm or a call for help is over."""
    return _done(path, helping.settle, body.cry)


@api.get(
    "/offices/<office>/cries",
    responses={200: steering_wire.CriesAnswer, **described(401, 403, 404)},
    security=STAFF,
)
@needs(Permission.SEE_LINE)
def read_cries(path: wire.OfficePath) -> Answer:
    """Read which alarms and calls for help are not over."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        office = finding.office(session, path.office)
        access.office_required(account, office.id)
        found = helping.cries(session, office.id, now)
    cries = [
        steering_wire.CryAnswer(
            cry=each.number,
            alarm=each.is_alarm,
            counter=each.counter,
            room=each.room,
            at=each.at,
            asked=each.asked,
            coming=list(each.coming),
        )
        for each in found
    ]
    return steering_wire.CriesAnswer(cries=cries).model_dump(mode="json"), 200


@api.put(
    "/offices/<office>/closing-early",
    responses={200: steering_wire.ClosingAnswer, **described(401, 403, 404)},
    security=STAFF,
)
@needs(Permission.STEER_LINE)
def close_early(path: wire.OfficePath, body: steering_wire.ClosingBody) -> Answer:
    """Say to those who wait that the office closes earlier today."""
    closes_at = datetime.fromisoformat(body.closes_at)
    now = clock.now()
    with database().write() as session:
        account = access.staff_required(session, Permission.STEER_LINE, now)
        told = closing.close_early(session, finding.office(session, path.office), account, closes_at, now)
    return steering_wire.ClosingAnswer(told=told).model_dump(mode="json"), 200


@api.delete(
    "/offices/<office>/closing-early",
    responses={200: steering_wire.ClosingAnswer, **described(401, 403, 404)},
    security=STAFF,
)
@needs(Permission.STEER_LINE)
def close_as_usual(path: wire.OfficePath) -> Answer:
    """Take that back."""
    now = clock.now()
    with database().write() as session:
        account = access.staff_required(session, Permission.STEER_LINE, now)
        closing.close_as_usual(session, finding.office(session, path.office), account, now)
    return steering_wire.ClosingAnswer(told=0).model_dump(mode="json"), 200


def _visit(path: wire.CounterPath, verb: Verb, *more: Any) -> Answer:
    visit = _acting(path, wire.VisitAnswer.of, verb, *more)
    return wire.CounterAnswer(counter=path.counter, ticket=visit).model_dump(mode="json"), 200


def _ticket(path: wire.CounterPath, verb: Verb, *more: Any, **named: Any) -> Answer:
    ticket = _acting(path, steering_wire.LineTicket.of, verb, *more, **named)
    return steering_wire.LineAnswer(counter=path.counter, ticket=ticket).model_dump(mode="json"), 200


def _done(path: wire.CounterPath, verb: Verb, *more: Any, **named: Any) -> Answer:
    _acting(path, lambda _nothing: None, verb, *more, **named)
    return steering_wire.DoneAnswer(counter=path.counter).model_dump(mode="json"), 200


def _acting(path: wire.CounterPath, shown: Callable[[Any], Any], verb: Verb, *more: Any, **named: Any) -> Any:
    """Do it at the counter for whoever is signed in, in one transaction, and show what came of it."""
    now = clock.now()
    with database().write() as session:
        account = access.staff_required(session, Permission.SERVE, now)
        return shown(verb(session, path.counter, account, now, *more, **named))


def _service(session: Session, counter: int, account: Account, field: str, slug: str) -> int:
    """The id of a service of the counter's office. Raises Invalid, and as `seat.counter_for`."""
    office = seat.counter_for(session, counter, account).office_id
    found = session.scalar(select(Service.id).where(Service.office_id == office, Service.slug == slug))
    if found is None:
        raise Invalid(field, N_("This office does not offer that service. Please choose another one."))
    return found
