"""The staff API of the cards: what the program of a scanner does, by a member of staff who is signed in."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from frontoffice.agenda.shell import Desk, acting, looking
from frontoffice.documents import card_desk, card_moving, card_scanning, handing_over, serial
from frontoffice.documents.card_desk_wire import (
    ArrivalBody,
    CardOfStaff,
    CardPath,
    CardsOfStaff,
    CardsQuery,
    CardStateBody,
    HandOverBody,
    ScanBody,
)
from frontoffice.documents.card_keys import Original
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.handing_over import Watch
from frontoffice.errors import NotFound
from frontoffice.line.wire import OfficePath
from frontoffice.staff.roles import Permission
from frontoffice.web.context import config
from frontoffice.web.needs import all_need
from frontoffice.web.problems import described

PREFIX = "/api/v1/offices/<office>/cards"
api = APIBlueprint("card_desk_api", __name__, url_prefix=PREFIX, abp_tags=[Tag(name="cards")])
all_need(api, Permission.MIND_CARDS)

Answer = tuple[dict[str, Any], int]
ONE: dict[str, Any] = {
    "responses": {200: CardOfStaff, **described(401, 403, 404, 409)},
    "security": [{"staff": []}],
}


@api.get("", responses={200: CardsOfStaff, **described(401, 403, 404)}, security=ONE["security"])
def read_cards(path: OfficePath, query: CardsQuery) -> Answer:
    """Read which cards are in a state, and how many there are in each."""
    with looking(path.office, Permission.MIND_CARDS) as desk:
        lines = card_desk.listed(desk.session, desk.office, query.state)
        counts = card_desk.counts(desk.session, desk.office)
    cards = [CardOfStaff.of(each, query.state) for each in lines]
    return CardsOfStaff(cards=cards, counts=dict(counts)).model_dump(mode="json"), 200


@api.post("/find", **ONE)
def find(path: OfficePath, body: ScanBody) -> Answer:
    """Find the card that was scanned."""
    with acting(path.office, Permission.MIND_CARDS) as desk:
        return _answer(desk, card_scanning.find(desk.session, desk.office, body.scanned))


@api.post("/arrivals", **ONE)
def arrive(path: OfficePath, body: ArrivalBody) -> Answer:
    """Note that a card has arrived and is being checked; scanning it twice does it once.

    404 for a card that nobody has announced: send it again with the date of birth, and it is added. From all
    machine-readable lines it is added at once.
    """
    with acting(path.office, Permission.MIND_CARDS) as desk:
        return _answer(desk, _arrived(desk, body))


@api.get("/<int:card>", **ONE)
def read_card(path: CardPath) -> Answer:
    """Read where a card is."""
    with looking(path.office, Permission.MIND_CARDS) as desk:
        return _answer(desk, card_desk.card(desk.session, desk.office, path.card))


@api.post("/<int:card>/move", **ONE)
def move(path: CardPath, body: CardStateBody) -> Answer:
    """Take a card to another state: ready, in the pick-up box, or back to being checked, which needs a reason."""
    with acting(path.office, Permission.MIND_CARDS) as desk:
        card = card_moving.of_office(desk.session, desk.office.id, path.card)
        card_moving.move(
            desk.session,
            card,
            body.state,
            desk.now,
            desk.actor,
            settings=config(),
            reason=body.reason,
            until=body.last_day(),
            box_code=body.box_code,
        )
        return _answer(desk, card)


@api.post("/<int:card>/hand-over", **ONE)
def hand_over(path: CardPath, body: HandOverBody) -> Answer:
    """Hand a card over: its order is closed, and the new end of validity is watched where somebody wants that."""
    with acting(path.office, Permission.MIND_CARDS) as desk:
        card = card_moving.of_office(desk.session, desk.office.id, path.card)
        handing_over.hand_over(
            desk.session,
            card,
            desk.now,
            desk.actor,
            settings=config(),
            by_proxy=body.by_proxy,
            watch=Watch(body.watch.end(), body.watch.kind.value, body.watch.contact) if body.watch else None,
        )
        return _answer(desk, card)


def _arrived(desk: Desk, body: ArrivalBody) -> CardOrder:
    session, office, settings = desk.session, desk.office, config()
    try:
        return card_moving.arrive(session, office, body.scanned, desk.now, desk.actor, settings=settings)
    except NotFound:
        if body.born is None:
            raise card_scanning.NoSuchCard from None
    original = Original(
        serial.birth_from(body.born, desk.today),
        serial.serial_in(body.scanned) or serial.serial_number(body.scanned, "scanned"),
        serial.order_number(body.order) if body.order else None,
    )
    state = CardState.CHECKING
    return card_scanning.note(session, office, original, state, desk.now, desk.actor, settings=settings)


def _answer(desk: Desk, card: CardOrder) -> Answer:
    line = card_desk.line(desk.session, card)
    return CardOfStaff.of(line, card.state).model_dump(mode="json"), 200
