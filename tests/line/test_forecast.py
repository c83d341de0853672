"""Everybody's place and wait, from a picture of the line."""

from datetime import UTC, datetime, timedelta

from frontoffice.line import forecast
from frontoffice.line.expected import Duration, Range
from frontoffice.line.experience import Experience
from frontoffice.line.forecast import Outlook, Picture, Staffed, Visitor
from frontoffice.line.order import Post, Rules, Waiting, Wish

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = Rules(late=timedelta(minutes=15), walk_in=timedelta(minutes=20))
MINUTE = timedelta(minutes=1)
A, B = 1, 2  # services
TEN = Duration(mean=2.302585092994046, spread=1e-9)  # ten minutes, always
EXACTLY = Experience({A: TEN, B: TEN, 0: TEN})


def who(number: int, service: int | None = A, waited: float = 0, **wish: object) -> Visitor:
    ticket = Waiting(number, "A", number, NOW - waited * MINUTE)
    return Visitor(ticket, Wish(service, **wish))  # type: ignore[arg-type]


def counter(number: int, *services: int, room: str = "East", is_open: bool = True, **more: object) -> Staffed:
    return Staffed(Post(number, number + 100, "", services or (A, B), ("uk",)), room, is_open, **more)  # type: ignore[arg-type]


def look(line: list[Visitor], counters: list[Staffed], **more: object) -> Outlook:
    picture = Picture(NOW, "Europe/Berlin", line, counters, services={A: 10.0, B: 10.0}, **more)  # type: ignore[arg-type]
    return forecast.look_ahead(picture, EXACTLY, RULES)


def told(outlook: Outlook) -> dict[int, tuple[int, float | None]]:
    return {
        ticket: (each.ahead, round(each.wait.middle / MINUTE) if each.wait else None)
        for ticket, each in outlook.tickets.items()
    }


def test_only_those_who_want_the_same_counters_are_ahead() -> None:
    line = [who(1, A, waited=9), who(2, A, waited=8), who(3, B, waited=7), who(4, None)]
    assert told(look(line, [counter(1, A), counter(2, B)])) == {1: (0, 0), 2: (1, 10), 3: (0, 0), 4: (3, 10)}
    # A counter for both makes them rivals, unless it is closed.
    assert told(look(line[:3], [counter(1), counter(2)]))[3] == (2, 10)
    assert told(look(line[:3], [counter(1, A), counter(2, B), counter(3, is_open=False)]))[3] == (0, 0)


def test_wishes_are_waited_for() -> None:
    line = [
        who(1, A, waited=9),
        who(2, A, waited=8, counter_id=2),
        who(3, A, waited=7, counter_id=2),
        who(4, A, waited=6, account_id=102),
        who(5, A, waited=5, language="ar"),
    ]
    assert told(look(line, [counter(1), counter(2)])) == {
        1: (0, 0),
        2: (1, 0),
        3: (2, 10),
        4: (3, 20),
        5: (0, None),
    }


def test_a_visitor_at_the_counter_and_a_family_take_their_time() -> None:
    busy = counter(1, A, visitor=who(9, A), since=NOW - 4 * MINUTE)
    assert told(look([who(1)], [busy])) == {1: (0, 6)}
    family = who(1, waited=5)._replace(share=3.0)
    assert told(look([family, who(2)], [counter(1, A)])) == {1: (0, 0), 2: (1, 30)}


def test_who_has_gone_for_a_moment_comes_back_to_the_old_place() -> None:
    soon = who(1, waited=60)._replace(back_at=NOW + 5 * MINUTE)
    busy = counter(1, A, visitor=who(9, A), since=NOW - 4 * MINUTE)
    assert told(look([who(2)], [busy], away=[soon])) == {2: (0, 16)}
    open_end = soon._replace(back_at=None)
    assert told(look([who(2)], [busy], away=[open_end])) == {2: (0, 6)}


def test_who_is_due_soon_goes_before_who_has_just_come() -> None:
    busy = counter(1, A, visitor=who(9, A), since=NOW)
    due = Visitor(Waiting(-7, "", 0, NOW, NOW + 5 * MINUTE), Wish(A))
    alone, with_others = look([who(1)], [busy]), look([who(1)], [busy], coming=[due] * 1)
    assert told(alone) == {1: (0, 10)}
    assert told(with_others) == {1: (0, 20)}


def test_who_would_come_now_is_told_as_who_comes() -> None:
    line = [who(1, waited=2), who(2, waited=1)]
    before = look(line, [counter(1, A)])
    after = look([*line, who(3)], [counter(1, A)])
    assert round(before.walk_in[A].middle / MINUTE, 3) == told(after)[3][1] == 20
    assert before.walk_in[None].middle == 20 * MINUTE
    assert before.on_time[A].middle == timedelta()  # an appointment at this moment goes first
    assert B not in before.walk_in  # nobody serves that


def test_a_range_gets_shorter_while_time_passes() -> None:
    said = Range(2 * MINUTE, 10 * MINUTE, 20 * MINUTE)
    assert forecast.said_later(said, 5 * MINUTE) == Range(timedelta(), 5 * MINUTE, 15 * MINUTE)


def test_people_wait_in_the_room_of_the_counters_that_may_call_them() -> None:
    counters = [
        counter(1, A, room="East"),
        counter(2, B, room="West"),
        counter(3, A, room="South", is_open=False),
    ]
    assert forecast.rooms(Wish(A), counters) == ["East"]
    assert forecast.rooms(Wish(None), counters) == ["East", "West"]
    assert forecast.rooms(Wish(A, counter_id=3), counters) == ["South"]
    assert forecast.rooms(Wish(B, language="ar"), counters) == []
