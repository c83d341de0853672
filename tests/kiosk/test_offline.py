"""Cut off from the office: the device decides from its list, nothing is lost, and nothing is given twice."""

import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk import clock, digests, visit
from kiosk.device import Kiosk
from kiosk.entries import Act, Entry, Since, trace_of
from kiosk.settings import DataDirectory, Pairing
from kiosk.web import create_app
from tests.kiosk.fake_office import FakeOffice, code
from tests.kiosk.lobby import pair

KEY = bytes(range(32))
BORN = date(1990, 3, 27)
MINUTE = timedelta(minutes=1)
ZONE = ZoneInfo("Europe/Berlin")


def expected(
    reference: str, due_at: datetime, standing: str = "expected", ticket: str | None = None
) -> dict[str, Any]:
    """An appointment as it stands on the list."""
    birth = f"{BORN.isoformat()} {due_at.astimezone(ZONE):%H:%M}"
    return {
        "code": digests.digest_of(KEY, "code", reference),
        "birth": digests.digest_of(KEY, "birth", birth),
        "due_at": due_at.isoformat(),
        "service": "renewal",
        "standing": standing,
        "ticket": ticket,
    }


def list_of(*appointments: dict[str, Any], elsewhere: str = "", day: date | None = None) -> dict[str, Any]:
    """The list of today."""
    codes = [digests.digest_of(KEY, "code", elsewhere)]
    return {
        "date": (day or datetime.now(ZONE).date()).isoformat(),
        "version": uuid.uuid4().hex,
        "key": KEY.hex(),
        "appointments": list(appointments),
        "elsewhere": [{"office": "Bürgeramt Nebenstadt", "codes": codes}] if elsewhere else [],
    }


class Lobby:
    """A device whose threads stand still: what they do is done by hand, so that nothing depends on time."""

    def __init__(self, office: FakeOffice, data: Path) -> None:
        self.office = office
        self.office.clock = clock.now
        self.directory = DataDirectory(data)
        pair(office, data)
        self.kiosk = Kiosk(self.directory, patience=0.2)
        assert self.refresh()

    def restart(self) -> None:
        """Switch it off without warning, and on again."""
        self.kiosk = Kiosk(self.directory, patience=0.2)

    def refresh(self) -> bool:
        """What the refreshing thread does every minute."""
        pairing = self.directory.pairing()
        assert pairing is not None
        return self.kiosk.refresh.fetch(pairing)

    def visit(self, moment: datetime | None = None, **what: Any) -> Entry:
        """A visitor acts; the delivery is tried once, as long as the visitor waits."""
        setup, at = self.kiosk.setup, moment or self.kiosk.now()
        assert setup is not None
        kind = "walk_in" if "service" in what else "check_in"
        act = Act(str(uuid.uuid4()), at, setup.day(at), setup.office, setup.series, kind, "en", **what)
        entry = self.kiosk.record(act)
        self.kiosk.delivery.deliver()
        entry = self.kiosk.journal.find(act.id) or entry
        return entry if entry.outcome is not None else self.kiosk.conclude_offline(entry)

    def outcome(self, **what: Any) -> tuple[bool, str | None, str | None]:
        """What becomes of it: whether there is a number, the reason if not, and what is said about it."""
        entry = self.visit(**what)
        result = entry.result
        return entry.has_number, result.code, result.ticket or result.office or result.service


@pytest.fixture
def lobby(office: FakeOffice, data: Path) -> Lobby:
    """A device that has reached its office once."""
    return Lobby(office, data)


def later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    """Let so much time pass, on the device's clock and by the machine's uptime."""
    set_clock(monkeypatch, clock.now() + minutes * MINUTE)
    uptime = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda which: uptime(which) + 60 * minutes)


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Set the device's clock."""
    offset = (moment - datetime.now(UTC)).total_seconds()
    monkeypatch.setenv("FRONTOFFICE_CLOCK_OFFSET_SECONDS", str(offset))


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device's clock shows noon, so that no test crosses midnight."""
    noon = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    set_clock(monkeypatch, noon)


def test_who_has_an_appointment_today_is_checked_in_without_the_office(lobby: Lobby) -> None:
    due = clock.now()
    fine, early, late, gone, here, there = (code(f"K7M2PX{letter}") for letter in "ABCDEF")
    lobby.office.today = list_of(
        expected(fine, due + 10 * MINUTE),
        expected(early, due + 90 * MINUTE),
        expected(late, due - 45 * MINUTE),
        expected(gone, due + 20 * MINUTE, "cancelled"),
        expected(here, due + 25 * MINUTE, "here", "B017"),
        elsewhere=there,
    )
    lobby.refresh()
    lobby.office.close()
    assert lobby.outcome(code=fine) == (True, None, "renewal")
    assert lobby.outcome(code=early) == (False, "too_early", "renewal")
    assert lobby.outcome(code=late) == (False, "too_late", "renewal")
    assert lobby.outcome(code=late, late_ok=True) == (True, None, "renewal")
    assert lobby.outcome(code=gone) == (False, "cancelled", "renewal")
    assert lobby.outcome(code=here) == (False, "already_checked_in", "B017")
    assert lobby.outcome(code=there) == (False, "wrong_office", "Bürgeramt Nebenstadt")
    assert lobby.outcome(code=code("K7M2PXG")) == (True, None, None), "it may have been booked since"
    lobby.office.open()
    lobby.kiosk.delivery.deliver()
    sent = [(entry["code"], entry["number"], entry["late_ok"]) for entry in lobby.office.ledger.values()]
    assert sent == [(fine, 1, False), (late, 4, True), (code("K7M2PXG"), 8, False)]


def test_a_code_is_good_for_one_number_also_after_a_restart_and_by_date_of_birth(lobby: Lobby) -> None:
    due = clock.now() + 10 * MINUTE
    listed, unlisted = code("K7M2PXA"), code("K7M2PXB")
    lobby.office.today = list_of(expected(listed, due))
    lobby.refresh()
    lobby.office.close()
    time_of_it = due.astimezone(ZONE).time().replace(second=0, microsecond=0)
    assert lobby.outcome(born=BORN, due=time_of_it) == (True, None, "renewal")
    assert lobby.outcome(code=listed) == (False, "already_checked_in", "A001")
    assert lobby.visit(code=unlisted).ticket == "A003"
    lobby.restart()
    assert lobby.outcome(code=unlisted) == (False, "already_checked_in", "A003")
    assert lobby.outcome(code=listed) == (False, "already_checked_in", "A001")
    # Handed in by now and forgotten, it is still known whose number it was.
    lobby.office.open()
    lobby.kiosk.delivery.deliver()
    lobby.office.close()
    assert lobby.outcome(born=BORN, due=time_of_it) == (False, "already_checked_in", "A001")


def test_dates_of_birth_cannot_be_guessed_at_a_device_that_is_cut_off(lobby: Lobby) -> None:
    due = clock.now() + 10 * MINUTE
    lobby.office.today = list_of(expected(code("K7M2PXA"), due), expected(code("K7M2PXB"), due))
    lobby.refresh()
    lobby.office.close()
    at = due.astimezone(ZONE).time().replace(second=0, microsecond=0)
    assert lobby.outcome(born=BORN, due=at) == (False, "ambiguous", None), "twins"
    reasons = [lobby.outcome(born=date(1980, 1, n), due=at)[1] for n in range(1, 13)]
    assert reasons == ["unknown_birth"] * 10 + ["too_many_tries"] * 2


def test_guessing_is_shut_also_for_the_right_guess(lobby: Lobby) -> None:
    due = clock.now() + 10 * MINUTE
    lobby.office.today = list_of(expected(code("K7M2PXA"), due))
    lobby.refresh()
    lobby.office.close()
    at = due.astimezone(ZONE).time().replace(second=0, microsecond=0)
    for n in range(1, 11):
        lobby.outcome(born=date(1980, 1, n), due=at)
    assert lobby.outcome(born=BORN, due=at) == (False, "too_many_tries", None)


def test_what_the_office_may_have_taken_is_not_refused(lobby: Lobby) -> None:
    """The connection breaks after the office has taken it: what the visitor is shown is what the office has."""
    early = code("K7M2PXA")
    lobby.office.today = list_of(expected(early, clock.now() + 90 * MINUTE))
    lobby.refresh()
    lobby.office.appointments[early] = {"service": "renewal"}
    lobby.office.mode = "reset"
    entry = lobby.visit(code=early)
    assert entry.handed_out
    [taken] = lobby.office.ledger.values()
    lobby.office.mode = "normal"
    assert lobby.kiosk.delivery.deliver()
    assert [taken["id"]] == list(lobby.office.ledger)
    assert entry.ticket == "A001"


def test_a_restart_does_not_make_the_device_sure_of_what_was_on_its_way(lobby: Lobby) -> None:
    early = code("K7M2PXA")
    lobby.office.today = list_of(expected(early, clock.now() + 90 * MINUTE))
    lobby.refresh()
    act = Act(
        str(uuid.uuid4()),
        clock.now(),
        lobby.kiosk.setup.day(clock.now()),
        "musterstadt",
        "A",
        "check_in",
        "en",
        early,
    )  # type: ignore[union-attr]
    lobby.kiosk.record(act)
    lobby.office.close()
    lobby.restart()
    assert visit.take(lobby.kiosk, act).handed_out


def test_who_was_interrupted_long_ago_gets_no_number_by_a_form_that_is_sent_again(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup, at = lobby.kiosk.setup, lobby.kiosk.now()
    assert setup is not None
    act = Act(str(uuid.uuid4()), at, setup.day(at), "musterstadt", "A", "walk_in", "en", service="pick-up")
    lobby.kiosk.record(act)
    lobby.restart()
    later(monkeypatch, 4)
    assert visit.take(lobby.kiosk, act).outcome == "abandoned"
    lobby.kiosk.delivery.deliver()
    assert lobby.office.ledger == {}


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_wrong_changes_nothing(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    right = clock.now()
    early, fine, late = (code(f"K7M2PX{letter}") for letter in "ABC")
    lobby.office.today = list_of(
        expected(early, right + 75 * MINUTE), expected(fine, right), expected(late, right - 45 * MINUTE)
    )
    lobby.office.clock = lambda: right
    offset = (right - datetime.now(UTC)).total_seconds() + hours * 3600
    monkeypatch.setenv("FRONTOFFICE_CLOCK_OFFSET_SECONDS", str(offset))
    lobby.refresh()
    assert abs(lobby.kiosk.now() - right) < MINUTE
    lobby.office.close()
    assert lobby.outcome(code=early)[1] == "too_early"
    assert lobby.outcome(code=late)[1] == "too_late"
    assert lobby.outcome(code=fine) == (True, None, "renewal")
    # The network is back, and with it the right time: how long ago it was stays what it was.
    monkeypatch.setenv("FRONTOFFICE_CLOCK_OFFSET_SECONDS", str(offset - hours * 3600))
    lobby.office.open()
    lobby.kiosk.delivery.deliver()
    [sent] = lobby.office.ledger.values()
    assert 0 <= sent["seconds_ago"] < 60


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_put_right_during_an_outage_changes_nothing(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    right = clock.now()
    lobby.office.clock = lambda: right
    set_clock(monkeypatch, right + hours * 60 * MINUTE)
    lobby.refresh()
    lobby.office.close()
    set_clock(monkeypatch, right)
    assert abs(lobby.kiosk.now() - right) < MINUTE
    later(monkeypatch, 30)
    assert abs(lobby.kiosk.now() - right - 30 * MINUTE) < MINUTE, "it goes on"


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_ticket_is_shown_and_printed_when_the_office_puts_the_time_right(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    right = clock.now()
    lobby.office.clock = lambda: right - 120 * MINUTE
    lobby.refresh()
    lobby.office.close()
    lobby.restart()
    set_clock(monkeypatch, right + hours * 60 * MINUTE)
    browser = create_app(lobby.kiosk).test_client()
    page = browser.get("/en/walk-in").text
    form = {name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("csrf_token", "entry")}
    shown = browser.post("/en/walk-in", data={"service": "pick-up", **form})
    lobby.office.clock = lambda: right
    lobby.office.open()
    before = lobby.kiosk.now()
    lobby.refresh()
    assert abs(lobby.kiosk.now() - before) > 50 * MINUTE
    assert "A001" in browser.get(shown.location).text
    printed = browser.post("/en/ticket/print", data=form)
    assert printed.location == shown.location, "and not the start screen"
    again = browser.post("/en/walk-in", data={"service": "pick-up", **form})
    assert again.location == shown.location
    later(monkeypatch, 4)
    assert browser.get(shown.location).location == "/"


def test_a_disk_that_was_lost_and_paired_again_goes_on_above_the_last_number(
    office: FakeOffice, tmp_path: Path
) -> None:
    today = datetime.now(ZONE).date().isoformat()
    office.extra = {"last_number": {"date": today, "number": 39}}
    lobby = Lobby(office, tmp_path / "new disk")
    assert lobby.visit(service="pick-up").ticket == "A040"
    office.extra = {"last_number": {"date": "2020-01-01", "number": 70}}
    lobby.refresh()
    assert lobby.visit(service="pick-up").ticket == "A041"


def test_paired_anew_it_hands_in_the_numbers_of_its_earlier_letter(lobby: Lobby) -> None:
    lobby.office.close()
    out = lobby.visit(service="pick-up")
    pairing = lobby.directory.pairing()
    assert pairing is not None
    lobby.office.open()
    lobby.directory.store_pairing(
        Pairing(pairing.office_url, pairing.office, "Again", "B", pairing.credential)
    )
    lobby.office.extra = {"device": {"name": "Again", "series": "B"}}
    lobby.restart()
    lobby.refresh()
    assert lobby.visit(service="pick-up").ticket.startswith("B")
    sent = [(entry["id"], entry["series"], entry["number"]) for entry in lobby.office.ledger.values()]
    assert sent[0] == (out.act.id, "A", 1)
    assert [series for _id, series, _number in sent] == ["A", "B"]


def test_a_copied_disk_delivers_the_same_entries_and_each_is_taken_once(
    lobby: Lobby, copy: Callable[[], Lobby]
) -> None:
    lobby.office.close()
    first = lobby.visit(service="pick-up")
    twin = copy()
    mine, theirs = lobby.visit(service="pick-up"), twin.visit(service="pick-up")
    assert (mine.ticket, theirs.ticket) == ("A002", "A002"), "nobody can know while both are cut off"
    lobby.office.open()
    for each in (lobby, twin, lobby, twin):
        each.kiosk.delivery.deliver()
        each.refresh()
    assert set(lobby.office.ledger) == {first.act.id, mine.act.id, theirs.act.id}
    assert len(set(lobby.office.runs)) == 2, "the office can tell them apart"
    lobby.office.extra = {"doubled": True}
    lobby.refresh()
    assert lobby.kiosk.trouble == "doubled"


@pytest.fixture
def copy(lobby: Lobby, tmp_path: Path) -> Callable[[], Lobby]:
    """Makes another device from a copy of this one's disk."""

    def copied() -> Lobby:
        target = tmp_path / "copy"
        target.mkdir()
        for file in lobby.directory.path.iterdir():
            (target / file.name).write_bytes(file.read_bytes())
        twin = Lobby.__new__(Lobby)
        twin.office, twin.directory = lobby.office, DataDirectory(target)
        twin.kiosk = Kiosk(twin.directory, patience=0.2)
        return twin

    return copied


def test_the_list_is_kept_over_a_restart_for_one_day_and_only_for_this_user(lobby: Lobby) -> None:
    fine = code("K7M2PXA")
    lobby.office.today = list_of(expected(fine, clock.now(), "cancelled"))
    lobby.refresh()
    kept = lobby.directory.path / "today.json"
    assert oct(kept.stat().st_mode & 0o777) == "0o600"
    assert fine not in kept.read_text()
    lobby.office.close()
    lobby.restart()
    assert lobby.outcome(code=fine)[1] == "cancelled"
    lobby.office.open()
    lobby.office.today = list_of(day=date(2020, 1, 1))
    lobby.refresh()
    lobby.office.close()
    lobby.refresh()
    assert not kept.exists(), "nothing of yesterday's visitors stays"


def test_the_office_is_told_how_the_device_is(lobby: Lobby) -> None:
    assert lobby.office.told[-1] == {
        "printer": "off",
        "waiting": 0,
        "stuck": 0,
        "interrupted_prints": 0,
        "clock_ahead": lobby.office.told[-1]["clock_ahead"],
    }
    lobby.office.close()
    lobby.visit(service="pick-up")
    lobby.office.open()
    lobby.refresh()
    assert lobby.office.told[-1]["waiting"] == 1


def test_without_the_office_the_last_wait_is_told_for_half_an_hour(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby.office.extra = {"waits": {"pick-up": {"low": 5, "high": 15}}}
    lobby.refresh()
    wait = lobby.kiosk.last_wait("pick-up")
    assert wait is not None
    assert (wait.low, wait.high) == (5, 15)
    assert lobby.kiosk.last_wait("renewal") is None
    kept = lobby.kiosk.setup
    assert kept is not None
    assert kept.as_of is not None
    later(monkeypatch, 29)
    assert lobby.kiosk.last_wait("pick-up") == wait
    later(monkeypatch, 2)
    assert lobby.kiosk.last_wait("pick-up") is None


def test_appointments_that_share_a_digest_are_not_taken_for_each_other(lobby: Lobby) -> None:
    first, second = colliding()
    due = clock.now()
    lobby.office.today = list_of(expected(first, due + 90 * MINUTE), expected(second, due + 120 * MINUTE))
    lobby.refresh()
    lobby.office.close()
    assert lobby.outcome(code=first) == (True, None, None), "the office decides, not the list"
    assert lobby.outcome(code=second) == (True, None, None), "somebody else than the first"
    assert lobby.outcome(code=first)[:2] == (False, "already_checked_in")


def colliding() -> tuple[str, str]:
    """Two codes with the same digest: among a few thousand there are some."""
    seen: dict[str, str] = {}
    for letters in product("ABCDEFGH", repeat=6):
        each = code("K" + "".join(letters))
        digest = digests.digest_of(KEY, "code", each)
        if digest in seen:
            return seen[digest], each
        seen[digest] = each
    raise AssertionError("the digests are too long")


def test_a_list_of_another_version_is_not_used(lobby: Lobby) -> None:
    told = list_of(expected(code("K7M2PXA"), clock.now()))
    told["appointments"][0]["code"] = "0" * 32
    with pytest.raises(digests.ListError):
        digests.parse(told)


def test_it_is_never_earlier_than_the_office_said_last(lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    lobby.office.close()
    monkeypatch.setenv("FRONTOFFICE_CLOCK_OFFSET_SECONDS", str(-datetime.now(UTC).timestamp()))
    lobby.restart()
    setup = lobby.kiosk.setup
    assert setup is not None
    assert setup.as_of is not None
    assert setup.as_of <= lobby.kiosk.now() < setup.as_of + MINUTE


def test_a_dead_battery_does_not_make_numbers_begin_again(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lobby.visit(service="pick-up")
    right = clock.now()
    lobby.office.close()
    monkeypatch.setenv("FRONTOFFICE_CLOCK_OFFSET_SECONDS", str(-datetime.now(UTC).timestamp()))
    assert clock.now().year == 1970
    lobby.restart()
    started = lobby.kiosk.now()
    assert first.act.at <= started < first.act.at + MINUTE
    assert lobby.visit(service="pick-up").ticket == "A002"
    assert lobby.kiosk.now() > started, "it goes on"
    # Somebody puts the clock right, or the network time comes back.
    offset = (right + 60 * MINUTE - datetime.now(UTC)).total_seconds()
    monkeypatch.setenv("FRONTOFFICE_CLOCK_OFFSET_SECONDS", str(offset))
    assert abs(lobby.kiosk.now() - right - 60 * MINUTE) < MINUTE


def test_a_clock_that_was_far_ahead_is_forgotten_once_the_office_is_reached(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, ahead = clock.now(), datetime.now(UTC) + timedelta(days=3000)
    lobby.office.close()
    lobby.visit(ahead, service="pick-up")
    lobby.restart()
    assert lobby.kiosk.now() >= ahead, "as far as the device knows"
    lobby.office.open()
    lobby.refresh()
    assert abs(lobby.kiosk.now() - right) < MINUTE
    lobby.kiosk.delivery.deliver()
    lobby.restart()
    lobby.kiosk.delivery._housekeeping_due = 0.0
    lobby.refresh()
    lobby.kiosk.delivery.deliver()
    lobby.restart()
    assert abs(lobby.kiosk.now() - right) < MINUTE


def test_a_killed_device_puts_no_ghost_into_the_line(lobby: Lobby) -> None:
    setup, at = lobby.kiosk.setup, lobby.kiosk.now()
    assert setup is not None

    def drawn() -> Act:
        # Written by a start of the machine that ended before there was an answer.
        since = Since("an earlier start", 600.0)
        day = setup.day(at)
        act = Act(
            str(uuid.uuid4()), at, day, "musterstadt", "A", "walk_in", "en", service="pick-up", since=since
        )
        lobby.kiosk.journal.record(act)
        return act

    ghost, waiting = drawn(), drawn()
    lobby.kiosk.journal.hand_out(waiting.id)
    lobby.restart()
    assert lobby.kiosk.delivery.deliver()
    assert list(lobby.office.ledger) == [waiting.id]
    found = lobby.kiosk.journal.find(ghost.id)
    assert found is not None
    assert found.outcome == "abandoned"


def test_the_secret_of_the_phone_ticket_is_not_in_the_log(
    lobby: Lobby, caplog: pytest.LogCaptureFixture
) -> None:
    lobby.office.unreadable_service = "pick-up"
    unread = lobby.visit(service="pick-up")
    lobby.office.close()
    out = lobby.visit(service="emergency")
    lobby.office.open()
    lobby.office.answers[out.act.id] = {"id": out.act.id, "outcome": "refused"}
    lobby.office.take = lambda entry: lobby.office.answers[entry["id"]]  # type: ignore[method-assign]
    lobby.kiosk.delivery.deliver()
    for entry in (unread, out):
        assert trace_of(entry.act.id) in caplog.text
        assert entry.act.id not in caplog.text
        assert entry.act.id.replace("-", "") not in caplog.text
