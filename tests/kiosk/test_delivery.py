"""Whatever happens between device and office: nothing lost, nothing doubled, the same number shown."""

import re
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kiosk.fake_office import FakeOffice, Mode, code
from tests.kiosk.lobby import KioskProcess, Visitor, eventually

Start = Callable[..., KioskProcess]


def numbers(office: FakeOffice) -> list[int]:
    """The numbers in the office's ledger, in the order they came."""
    return [entry["number"] for entry in office.ledger.values()]


def test_the_act_is_on_the_disk_before_it_leaves(office: FakeOffice, data: Path, visitor: Visitor) -> None:
    on_disk: list[list[tuple[Any, ...]]] = []

    def look(entries: list[dict[str, Any]]) -> None:
        with sqlite3.connect(data / "journal.db") as journal:
            query = "SELECT id, number, service FROM entries WHERE id = ?"
            on_disk.append(journal.execute(query, (entries[0]["id"],)).fetchall())

    office.on_delivery = look
    visitor.walk_in("pick-up")
    assert on_disk == [[(office.received[0][0]["id"], 1, "pick-up")]]


def test_what_is_delivered_is_what_the_office_expects(office: FakeOffice, visitor: Visitor) -> None:
    visitor.walk_in("emergency", language="de")
    [[entry]] = office.received
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", entry.pop("at"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry.pop("date"))
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", entry.pop("id")
    )
    assert 0 <= entry.pop("seconds_ago") < 60
    assert entry == {
        "series": "A",
        "born": None,
        "due": None,
        "late_ok": False,
        "kind": "walk_in",
        "number": 1,
        "language": "de",
        "language_chosen": False,
        "code": None,
        "service": "emergency",
        "handed_out": False,
    }


def test_a_connection_that_breaks_after_acceptance_gives_one_ticket(
    office: FakeOffice, visitor: Visitor
) -> None:
    office.mode = "reset"
    shown = visitor.walk_in()
    [taken] = office.ledger
    page = visitor.page.url
    office.mode = "normal"
    attempts = len(office.received)
    eventually(lambda: len(office.received) > attempts, "another delivery")
    eventually(lambda: "waiting" not in visitor.get("/en/state").text, "the delivery's end")
    assert {entry["id"] for entries in office.received for entry in entries} == {taken}
    assert numbers(office) == [1]
    assert shown == "A001"
    visitor.get(page.removeprefix(page.partition("/en/")[0]))
    assert visitor.number() == "A001"


def test_a_visitor_gets_a_number_whatever_is_wrong_with_the_office(paired: FakeOffice, start: Start) -> None:
    visitor = Visitor(start(patience=0.5))
    modes: list[Mode] = ["reset", "error", "hotspot", "hang"]
    for row, mode in enumerate(modes):
        paired.mode = mode
        assert [visitor.walk_in(), visitor.walk_in()] == [f"A{2 * row + 1:03}", f"A{2 * row + 2:03}"]
        paired.mode = "normal"
        if mode == "hang":
            paired.closing.set()
        eventually(lambda: "waiting" not in visitor.get("/en/state").text, "the delivery's end")
        assert numbers(paired) == list(range(1, 2 * row + 3))
        assert all(entry["handed_out"] for entry in paired.received[-1])


def test_numbers_drawn_during_an_outage_are_delivered_in_their_order(
    office: FakeOffice, visitor: Visitor
) -> None:
    office.close()
    assert [visitor.walk_in() for _ in range(5)] == ["A001", "A002", "A003", "A004", "A005"]
    assert "5 entries waiting" in visitor.get("/en/").text
    office.open()
    eventually(lambda: len(office.ledger) == 5, "all five in the ledger")
    assert numbers(office) == [1, 2, 3, 4, 5]
    eventually(lambda: "entries waiting" not in visitor.get("/en/").text, "the line for staff")


def test_killed_between_journal_and_delivery_the_entry_waits_for_its_visitor_and_its_number_is_not_given_again(
    paired: FakeOffice, start: Start
) -> None:
    kiosk = start(patience=20)
    paired.mode = "hang"
    reached = threading.Event()
    paired.on_delivery = lambda entries: reached.set()
    visitor = Visitor(kiosk)
    visitor.get("/en/walk-in")
    form = visitor.form()
    waiting = threading.Thread(target=_ignoring_the_crash, args=(visitor, form))
    waiting.start()
    assert reached.wait(20)
    kiosk.kill()
    waiting.join(20)
    assert paired.ledger == {}

    paired.mode = "normal"
    kiosk.start()
    assert Visitor(kiosk).walk_in() == "A002"
    assert numbers(paired) == [2], "nobody would come when the first number is called"
    # The screen sends its form once more when the visitor taps again, and the number is the first one.
    for _twice in range(2):
        visitor.post("/en/walk-in", service="pick-up", **form)
        assert visitor.number() == "A001"
    assert numbers(paired) == [2, 1]


def _ignoring_the_crash(visitor: Visitor, form: dict[str, str]) -> None:
    try:
        visitor.post("/en/walk-in", service="pick-up", **form)
    except OSError:
        # Its other end was killed.
        return


def test_killed_during_an_outage_the_handed_out_numbers_arrive_after_the_restart(
    paired: FakeOffice, start: Start
) -> None:
    kiosk = start()
    paired.close()
    assert Visitor(kiosk).walk_in() == "A001"
    kiosk.kill()
    kiosk.start()
    assert Visitor(kiosk).walk_in() == "A002"
    paired.open()
    eventually(lambda: numbers(paired) == [1, 2], "both entries in the ledger")


def test_one_entry_the_office_cannot_read_does_not_hold_up_the_others(
    office: FakeOffice, visitor: Visitor
) -> None:
    office.close()
    for service in ("pick-up", "emergency", "pick-up"):
        visitor.walk_in(service)
    office.unreadable_service = "emergency"
    office.open()
    eventually(lambda: numbers(office) == [1, 3], "the readable ones in the ledger")
    eventually(lambda: "1 number not taken by office" in visitor.get("/en/").text, "the line for staff")


def test_what_the_office_cannot_read_while_the_visitor_waits_is_no_number(
    office: FakeOffice, visitor: Visitor
) -> None:
    office.unreadable_service = "emergency"
    visitor.get("/en/walk-in")
    visitor.post("/en/walk-in", service="emergency", **visitor.form())
    assert visitor.heading() == "Please go to the desk"
    assert "kiosk-number" not in visitor.page.text


def test_a_code_unknown_while_offline_becomes_a_ticket(office: FakeOffice, visitor: Visitor) -> None:
    office.close()
    visitor.check_in(code("K7M2PXQ"))
    assert visitor.number() == "A001"
    assert "The desk will find it later" in visitor.text()
    office.open()
    [entry] = eventually(lambda: list(office.ledger.values()), "the entry in the ledger")
    assert (entry["code"], entry["handed_out"]) == (code("K7M2PXQ"), True)


def test_a_refusal_that_comes_too_late_does_not_take_the_number_back(
    paired: FakeOffice, start: Start
) -> None:
    kiosk = start(patience=0.5)
    visitor = Visitor(kiosk)
    may_answer = threading.Event()

    def hold_back(_entries: object) -> None:
        may_answer.wait(20)

    paired.on_delivery = hold_back
    visitor.check_in(code("K7M2PXQ"))
    assert visitor.number() == "A001"
    may_answer.set()
    [entry] = eventually(lambda: list(paired.ledger.values()), "the entry in the ledger")
    assert [attempt[0]["handed_out"] for attempt in paired.received] == [False, True]
    assert entry["number"] == 1
