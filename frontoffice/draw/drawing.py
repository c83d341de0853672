"""The draw itself: the window has closed, the list is fixed, the seed is mixed with it, and the order is published."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.draw import lottery, making
from frontoffice.draw.lottery import Ticket
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState
from frontoffice.errors import NotFound

WORKER = "worker"


def draw_next(session: Session, now: datetime) -> bool:
    """Draw the lots of one draw whose window has closed; False where there is none. All of it is one transaction."""
    due = select(Draw.id).where(Draw.state == DrawState.PLANNED, Draw.closes_at <= now)
    number = session.scalar(due.order_by(Draw.closes_at, Draw.id).limit(1))
    if number is None:
        return False
    draw = session.get_one(Draw, number)
    session.refresh(draw, with_for_update=True)  # waits for requests that are being written
    if draw.state is not DrawState.PLANNED:
        return True
    seed = vaults.of(session).open(draw.seed)
    tickets = _tickets(session, draw)
    order = lottery.order(seed, tickets)
    ids: dict[str, int] = {}
    for name, row_id in session.execute(
        select(DrawRequest.number, DrawRequest.id).where(DrawRequest.draw_id == draw.id)
    ):
        ids[name] = row_id
    ranks = [{"id": ids[each], "rank": rank} for rank, each in enumerate(order, start=1)]
    if ranks:
        session.execute(update(DrawRequest), ranks)
    draw.state, draw.drawn_at = DrawState.DRAWN, now
    draw.revealed, draw.list_digest = seed, lottery.list_digest(tickets)
    session.flush()
    data = {"requests": len(tickets), "list_digest": draw.list_digest}
    making.happened(session, "draw.drawn", draw, now, WORKER, data)
    return True


def record(session: Session, draw: Draw) -> dict[str, object]:
    """What anybody needs to check the draw. Raises NotFound as long as it is not drawn."""
    if draw.revealed is None or draw.list_digest is None:
        raise NotFound
    query = select(DrawRequest.number).where(DrawRequest.draw_id == draw.id, DrawRequest.rank.is_not(None))
    return lottery.record(
        code=draw.code,
        seed=draw.revealed,
        commitment=draw.commitment,
        list_digest=draw.list_digest,
        tickets=_drawn(session, draw),
        order=list(session.scalars(query.order_by(DrawRequest.rank))),
    )


def _tickets(session: Session, draw: Draw) -> Sequence[Ticket]:
    query = select(DrawRequest.number, DrawRequest.weight).where(
        DrawRequest.draw_id == draw.id, DrawRequest.state == RequestState.ENTERED
    )
    return [Ticket(*row) for row in session.execute(query.order_by(DrawRequest.number))]


def _drawn(session: Session, draw: Draw) -> Sequence[Ticket]:
    query = select(DrawRequest.number, DrawRequest.weight).where(
        DrawRequest.draw_id == draw.id, DrawRequest.rank.is_not(None)
    )
    return [Ticket(*row) for row in session.execute(query)]
