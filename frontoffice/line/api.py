"""The API of the line wing: the board, and what staff do at a counter."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.line import board, calling, desk, order, seat, staffing, wire
from frontoffice.line.calling import Visit
from frontoffice.offices import finding
from frontoffice.quick import Rider
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import described

api = APIBlueprint("line_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="line")])
all_need(api, Permission.SERVE)

Answer = tuple[dict[str, Any], int]  # the body and the status

STAFF: list[dict[str, list[Any]]] = [{"staff": []}]


@api.get("/offices/<office>/board", responses={200: wire.BoardAnswer, **described(404)})
@needs(Kind.PUBLIC)
def read_board(path: wire.OfficePath) -> Answer:
    """Read what the waiting-room screens show."""
    now = clock.now()
    with database().read() as session:
        office = finding.office(session, path.office)
        shown = board.board(session, office.id, sheet.day_of(now, office.time_zone))
    return wire.BoardAnswer.of(office.slug, shown).model_dump(mode="json"), 200


@api.get(
    "/offices/<office>/counters",
    responses={200: wire.CountersAnswer, **described(401, 403, 404)},
    security=STAFF,
)
@needs(Permission.SEE_LINE)
def read_counters(path: wire.OfficePath) -> Answer:
    """Read which counters there are, and who serves there."""
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, clock.now())
        office = finding.office(session, path.office)
        access.office_required(account, office.id)
        counters = [
            wire.CounterOfOffice(
                id=place.counter.id,
                name=place.counter.name,
                room=place.counter.room,
                staffed_by=place.session.account.name if place.session else None,
            )
            for place in desk.places(session, office.id)
        ]
    return wire.CountersAnswer(counters=counters).model_dump(mode="json"), 200


COUNTER_RESPONSES: dict[Any, Any] = {200: wire.CounterAnswer, **described(401, 403, 404, 409)}


@api.post("/counters/<int:counter>/open", responses=COUNTER_RESPONSES, security=STAFF)
def open_counter(path: wire.CounterPath) -> Answer:
    """Sit down at a counter."""

    def act(session: Session, account: Account, now: datetime) -> None:
        staffing.open_counter(session, path.counter, account, now)

    return _at_counter(path.counter, act)


@api.post("/counters/<int:counter>/close", responses=COUNTER_RESPONSES, security=STAFF)
def close_counter(path: wire.CounterPath) -> Answer:
    """Leave a counter."""

    def act(session: Session, account: Account, now: datetime) -> None:
        staffing.close_counter(session, path.counter, account, now)

    return _at_counter(path.counter, act)


@api.post("/counters/<int:counter>/call-next", responses=COUNTER_RESPONSES, security=STAFF)
def call_next(path: wire.CounterPath) -> Answer:
    """Call the next visitor; the ticket is null where nobody is waiting for this counter."""

    beside = seat.beside(path.counter)

    def act(session: Session, account: Account, now: datetime) -> Visit | None:
        return calling.call_next(session, path.counter, account, now, order.rules_of(config().line), beside)

    return _at_counter(path.counter, act, beside)


@api.post("/counters/<int:counter>/recall", responses=COUNTER_RESPONSES, security=STAFF)
def recall(path: wire.CounterPath, query: wire.TicketQuery) -> Answer:
    """Call the visitor once more."""
    return _at_counter(path.counter, _of_ticket(calling.recall, path, query))


@api.post("/counters/<int:counter>/start", responses=COUNTER_RESPONSES, security=STAFF)
def start(path: wire.CounterPath, query: wire.TicketQuery) -> Answer:
    """Note that the visitor has come."""
    return _at_counter(path.counter, _of_ticket(calling.start, path, query))


@api.post("/counters/<int:counter>/finish", responses=COUNTER_RESPONSES, security=STAFF)
def finish(path: wire.CounterPath, query: wire.TicketQuery) -> Answer:
    """Note that the visit is over."""
    return _at_counter(path.counter, _of_ticket(calling.finish, path, query))


@api.post("/counters/<int:counter>/no-show", responses=COUNTER_RESPONSES, security=STAFF)
def no_show(path: wire.CounterPath, query: wire.TicketQuery) -> Answer:
    """Note that nobody came."""
    return _at_counter(path.counter, _of_ticket(calling.no_show, path, query))


Act = Callable[[Session, Account, datetime], Visit | None]


def _at_counter(counter: int, act: Act, beside: Rider | None = None) -> Answer:
    now = clock.now()
    # Sign-in and act share a transaction, because this is the busiest of all requests.
    with database().write() as session:
        account = access.staff_required(session, Permission.SERVE, now, beside)
        visit = act(session, account, now)
    return {"counter": counter, "ticket": wire.VisitAnswer.of(visit) if visit else None}, 200


def _of_ticket(verb: Callable[..., Visit], path: wire.CounterPath, query: wire.TicketQuery) -> Act:
    return lambda session, account, now: verb(session, path.counter, account, now, query.ticket)
