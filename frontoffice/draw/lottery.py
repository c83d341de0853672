"""The lottery: who comes in which order, worked out from a seed, so that anybody can check it. No database, no clock.

Before the window opens, `commitment(seed)` is published: the seed is fixed, but nobody knows it. When the window has
closed, the list of requests is fixed too, and `list_digest` of it is mixed into the seed: whoever knew the seed could
not know the list, so nobody could choose the outcome. Then seed, list and order are published.

The order is a weighted sample without replacement after Efraimidis and Spirakis ("Weighted random sampling with a
reservoir", 2006), in the form of exponential clocks: of each request

    h = SHA-256(drawing seed + ":" + number), read as an integer of 256 bits
    u = (h + 1) / (2^256 + 1)
    clock = -ln(u) / weight

and the smallest clock comes first. So the first place falls to each request with the chance weight / sum of all
weights, the second to each of the others likewise, and so on. Clocks are worked out with 50 decimal digits (the
logarithm is correctly rounded), so that every machine finds the same order.
"""

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Context, Decimal
from typing import NamedTuple

DIGITS = Context(prec=50)
RANGE = Decimal(2**256 + 1)

EVEN = 60  # the weight of everybody, where chances are equal
HORIZON = 180  # days before the end of a title from which on chances rise


class Ticket(NamedTuple):
    """A request in the draw: its public number, and its weight (a whole number above 0)."""

    number: str
    weight: int


def weight(expires_on: date | None, on: date) -> int:
    """The weight where nearer expiry comes first: 60 with 180 days left or more, and one more for each day less.

    So whose title ends on the day the window closes, or has ended, has 240: four times the chance of somebody with
    half a year left. Without a date it is 60.
    """
    if expires_on is None:
        return EVEN
    left = min(max((expires_on - on).days, 0), HORIZON)
    return EVEN + HORIZON - left


def commitment(seed: str) -> str:
    """The hash (64 hex digits) that is published while the seed is still secret."""
    return hashlib.sha256(f"seed:{seed}".encode()).hexdigest()


def list_digest(tickets: Iterable[Ticket]) -> str:
    """The hash of the closed list: a line "number weight" for each request, sorted by number."""
    lines = "".join(f"{each.number} {each.weight}\n" for each in sorted(tickets))
    return hashlib.sha256(lines.encode()).hexdigest()


def drawing_seed(seed: str, digest: str) -> str:
    """What is drawn with: the seed mixed with the hash of the closed list."""
    return hashlib.sha256(f"{seed}:{digest}".encode()).hexdigest()


def order(seed: str, tickets: Iterable[Ticket]) -> list[str]:
    """The numbers in the order in which they are drawn, first to last. `seed` is the one that was committed to."""
    drawn = list(tickets)
    mixed = drawing_seed(seed, list_digest(drawn))
    return [each.number for each in sorted(drawn, key=lambda each: (clock(mixed, each), each.number))]


def clock(mixed: str, ticket: Ticket) -> Decimal:
    """When the exponential clock of a request rings; `mixed` is the drawing seed."""
    value = int.from_bytes(hashlib.sha256(f"{mixed}:{ticket.number}".encode()).digest(), "big")
    part = DIGITS.divide(Decimal(value + 1), RANGE)
    return DIGITS.divide(-DIGITS.ln(part), Decimal(ticket.weight))


def check(record: dict[str, object]) -> list[str]:
    """What does not agree in a published record (see `record`); nothing where the draw was as it says."""
    try:
        seed, said = str(record["seed"]), str(record["commitment"])
        tickets = [_ticket(each) for each in _list(record["requests"])]
        digest, drawn = str(record["list_digest"]), [str(each) for each in _list(record["order"])]
    except (KeyError, TypeError, ValueError) as error:
        return [f"this is no record of a draw: {type(error).__name__} {error}"]
    found = []
    if commitment(seed) != said:
        found.append("the seed is not the one whose hash was published before the draw")
    if len({each.number for each in tickets}) != len(tickets):
        found.append("a number is on the list twice")
    if list_digest(tickets) != digest:
        found.append("the list of requests is not the one that was drawn from")
    if order(seed, tickets) != drawn:
        found.append("the order is not the one that seed and list give")
    return found


def record(
    *, code: str, seed: str, commitment: str, list_digest: str, tickets: Iterable[Ticket], order: list[str]
) -> dict[str, object]:
    """What is published after a draw: all that is needed to check it, and nothing about any person."""
    return {
        "draw": code,
        "method": "exponential clocks (Efraimidis and Spirakis 2006), SHA-256, 50 digits",
        "commitment": commitment,
        "seed": seed,
        "list_digest": list_digest,
        "requests": [{"number": each.number, "weight": each.weight} for each in sorted(tickets)],
        "order": order,
    }


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return value


def _ticket(value: object) -> Ticket:
    if not isinstance(value, dict):
        raise TypeError("a request is no object")
    number, heavy = value["number"], value["weight"]
    if not isinstance(number, str) or type(heavy) is not int or heavy < 1:
        raise ValueError("a request needs a number and a weight above 0")
    return Ticket(number, heavy)
