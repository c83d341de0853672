"""A delivery of the specialist system goes in once, however often it is given and whatever kills it on the way."""

import io
import os
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select

from frontoffice import cli, clock
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.documents import importing, integrations, watch_upkeep, watching
from frontoffice.documents.importing import Complete
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.documents.watch_import import Watches
from frontoffice.messages.models import MessageState
from frontoffice.offices.models import Office
from frontoffice.partners import registering
from frontoffice.partners.models import PartnerKind, Scope
from frontoffice.partners.registering import Terms
from tests.documents.parts import (
    MAIL,
    PHONE,
    contents,
    deliver,
    keys,
    killed_and_again,
    messages,
    rows,
    settings,
    sweep,
    token,
    watches,
)

pytestmark = pytest.mark.usefixtures("office")
DAY = timedelta(days=1)


@pytest.fixture
def end(now: datetime) -> date:
    """Ninety days from now."""
    return now.date() + 90 * DAY


def many(number: int, end: date) -> str:
    """A file of so many rows."""
    return rows(*(f"id{n};residence_permit;{end};zoe{n}@beispiel.example;de" for n in range(number)))


def test_good_rows_go_in_and_bad_ones_are_told_with_line_and_reason(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    report, bad = deliver(
        database,
        config,
        rows(
            f"1;Aufenthaltserlaubnis;{end:%d.%m.%Y};0151 23456789;de",
            f"2;unicorn;{end};{MAIL};de",
            f"3;student;{end:%Y%m%d};{MAIL};uk",
            f"4;passport;soon;{MAIL};de",
            f"5;passport;{end};not a phone;de",
            f";passport;{end};{MAIL};de",
            f"6;passport;2020-01-01;{MAIL};de",
            f"7;passport;{end};;de",
            f"8;passport;{end}",
            f"9;passport;{end};{MAIL};gibberish",
        ),
        now,
    )
    assert (report.rows, report.new, report.bad) == (10, 2, 8)
    assert [each.line for each in sorted(bad, key=lambda each: each.line)] == [3, 5, 6, 7, 8, 9, 10, 11]
    assert {each.line: each.reason.split(":")[0] for each in bad if ":" in each.reason} == {
        3: "kind",
        5: "expires",
        6: "phone",
        8: "expires",
        9: "contact",
        11: "language",
    }
    found = watches(database)
    assert [(str(each.kind), each.expires_on, each.language) for each in found] == [
        ("residence_permit", end, "de"),
        ("student", end, "uk"),
    ]
    assert [watching_contact(database, each) for each in found] == [PHONE, MAIL]


def watching_contact(database: Database, watch: ExpiryWatch) -> str:
    """Where its reminders go."""
    with database.read() as session:
        contact = watching.contact_of(session, watch)
        assert contact is not None
        return contact.to


def test_the_same_file_twice_changes_nothing(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    data = many(1200, end)
    first, _ = deliver(database, config, data, now)
    before = dump(database)
    second, _ = deliver(database, config, data, now + DAY)
    assert (first.new, second.new, second.changed, second.unchanged) == (1200, 0, 0, 1200)
    assert dump(database) == before


def test_another_date_moves_the_ladder_and_takes_back_what_has_not_left(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    deliver(database, config, rows(f"1;residence_permit;{end};{MAIL};de"), now)
    sweep(database, config, now)
    report, _ = deliver(database, config, rows(f"1;residence_permit;{end + 730 * DAY};{MAIL};de"), now)
    assert (report.new, report.changed) == (0, 1)
    assert [each.state for each in messages(database)] == [MessageState.CANCELLED]
    assert [each.next_on for each in watches(database)] == [end + 640 * DAY]
    # And back: what was taken back was never said.
    deliver(database, config, rows(f"1;residence_permit;{end};{MAIL};de"), now)
    assert [sweep(database, config, now) for _ in range(2)] == [1, 0]


def test_withdrawn_ids_end_and_can_come_back(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    def give(state: str) -> WatchState:
        data = f"id;kind;expires;mail;state\n1;permit;{end};{MAIL};{state}\n".replace("permit", "eat")
        deliver(database, config, data, now)
        return watches(database)[0].state

    assert [give(state) for state in ("", "withdrawn", "active", "applied", "")] == [
        WatchState.ACTIVE,
        WatchState.WITHDRAWN,
        WatchState.ACTIVE,
        WatchState.APPLIED,
        WatchState.APPLIED,
    ], "who has applied has done so, until there is another date"


def test_an_id_that_stands_there_twice_counts_once_and_is_told_where_it_differs(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    one, other = f"1;passport;{end};{MAIL};de", f"1;passport;{end + DAY};{MAIL};de"
    data = rows(one, f"2;passport;{end};{MAIL};de", one, other)
    report, [bad] = deliver(database, config, data, now)
    assert (report.new, report.repeated, report.bad, bad.line) == (2, 1, 1, 5)
    assert "line 2" in bad.reason
    again, _ = deliver(database, config, data, now)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)


def test_a_complete_delivery_ends_what_is_not_in_it(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    deliver(database, config, many(100, end), now)
    number = deliver(database, config, rows(f"x;passport;{end};{MAIL};de"), now)[0].new
    assert number == 1
    report, _ = deliver(database, config, many(90, end), now, complete=Complete())
    assert (report.ended, report.not_ended) == (11, None)
    states = [each.state for each in watches(database)]
    assert states.count(WatchState.WITHDRAWN) == 11
    back, _ = deliver(database, config, many(100, end), now, complete=Complete())
    assert (back.changed, back.unchanged) == (10, 90)


@pytest.mark.parametrize(
    ("rows_left", "complete", "cut"),
    [
        (50, Complete(), False),  # half of it would end
        (90, Complete(rows=100), False),
        (95, Complete(), True),  # the last line has no end
    ],
)
def test_a_complete_delivery_that_may_not_be_ends_nothing_unless_somebody_is_sure(
    database: Database,
    config: Config,
    now: datetime,
    end: date,
    rows_left: int,
    complete: Complete,
    cut: bool,
) -> None:
    deliver(database, config, many(100, end), now)
    data = many(rows_left, end)
    data = data[:-1] if cut else data
    report, _ = deliver(database, config, data, now, complete=complete)
    assert report.ended == 0
    assert report.not_ended
    sure, _ = deliver(database, config, data, now, complete=Complete(is_sure=True))
    assert sure.ended == 100 - rows_left


def test_deliveries_of_others_are_left_alone(
    database: Database, config: Config, office: Office, now: datetime, end: date
) -> None:
    with database.write() as session:
        partner = registering.add(
            session, "Other system", PartnerKind.INTEGRATION, Terms((Scope.WATCHES,)), now
        )
        registering.grant(session, partner, session.get_one(Office, office.id), now)
    deliver(database, config, many(3, end), now)
    theirs, _ = deliver(database, config, many(3, end), now, source="Other system")
    assert theirs.new == 3, "the same ids of another system are other documents"
    report, _ = deliver(database, config, many(2, end), now, complete=Complete())
    assert report.ended == 1


def test_a_run_of_reminders_during_a_delivery_loses_and_doubles_nothing(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    data = many(1500, end)
    delivery = Thread(target=deliver, args=(database, config, data, now))
    delivery.start()
    while delivery.is_alive():
        sweep(database, config, now)
    sweep(database, config, now)
    assert len(keys(database)) == len(set(keys(database))) == 1500


def test_killed_in_the_middle_and_given_again_nothing_is_lost_or_doubled(
    database: Database, database_url: str, config: Config, tmp_path: Path, now: datetime
) -> None:
    end = clock.now().date() + 400 * DAY
    file = tmp_path / "watches.csv"
    file.write_text(many(3000, end), encoding="utf-8")
    half, again = killed_and_again("watches", file, database_url, lambda: count(database))
    assert 0 < half < 3000
    assert (again.returncode, count(database)) == (0, 3000), again.stderr
    assert f"{3000 - half} new" in again.stdout
    assert f"{half} unchanged" in again.stdout


@pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True
)  # SQLite lets them wait for each other
def test_of_two_deliveries_at_once_that_add_the_same_document_none_is_lost(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    overtaken = list[str]()

    def overtake(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO expiry_watch") and not overtaken:
            overtaken.append(statement)
            deliver(database, config, rows(f"a1;residence_permit;{end};{PHONE};de"), now)

    event.listen(Engine, "before_cursor_execute", overtake)
    try:
        report, _ = deliver(database, config, rows(f"a1;residence_permit;{end + DAY};{PHONE};de"), now)
    finally:
        event.remove(Engine, "before_cursor_execute", overtake)
    assert (report.new, report.changed) == (0, 1)
    assert [each.expires_on for each in watches(database)] == [end + DAY]


def test_a_complete_delivery_does_not_bring_back_who_has_ended_it_meanwhile(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    deliver(database, config, rows(f"a1;residence_permit;{end};{PHONE};de"), now)
    [watch] = watches(database)
    with database.write() as session:
        watching.end(session, session.get_one(ExpiryWatch, watch.id), now)
        target = Watches(
            integrations.operator(session), [session.get_one(Office, watch.office_id)], config.documents
        )
        assert target.end(session, [watch.id], now, now) == 0
    deliver(database, config, rows(f"a1;residence_permit;{end};{PHONE};de"), now)
    assert [each.contact for each in watches(database)] == [None]


def test_a_complete_delivery_leaves_what_another_one_has_brought_meanwhile(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    deliver(database, config, many(3, end), now)
    later = now + timedelta(seconds=1)

    brought = list[int]()

    def bring(read: int) -> None:
        if not brought:
            brought.append(read)
            deliver(database, config, rows(f"id1;residence_permit;{end + DAY};{MAIL};de"), later)

    with database.read() as session:
        offices = session.scalars(select(Office)).all()
        target = Watches(integrations.operator(session, offices[0].slug), offices, config.documents)
    stream = io.BytesIO(many(1, end).encode())
    report = importing.take(database, stream, target, lambda: now, complete=Complete(), progress=bring)
    assert report.ended == 1
    assert [each.state for each in watches(database)] == ["active", "active", "withdrawn"]


def test_of_two_complete_deliveries_at_once_one_is_refused_until_the_other_is_dead(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Each would end what only the other one holds."""
    end = clock.now().date() + 400 * DAY
    slow, quick = tmp_path / "slow.csv", tmp_path / "quick.csv"
    os.mkfifo(slow)
    # Longer than what is read ahead: the first rows go in while the rest is still to come.
    data = many(600, end).replace("language\n", "language;note\n").replace(";de\n", f";de;{'x' * 400}\n")
    quick.write_text(data, encoding="utf-8")
    arguments = ["import", "watches", "--complete"]
    command = [sys.executable, "-m", "frontoffice", *arguments, str(slow)]
    other = CliRunner(env=settings(database_url))
    process = subprocess.Popen(command, env=os.environ | settings(database_url))
    with slow.open("w", encoding="utf-8") as pipe:
        pipe.write(data)
        pipe.flush()
        for _ in range(3000):
            if process.poll() is not None or count(database):
                break
            time.sleep(0.01)
        refused = other.invoke(cli.main, [*arguments, str(quick)])
        assert (refused.exit_code, process.poll()) == (1, None)
        assert "Another complete delivery is being taken in" in refused.output
        process.kill()
    process.wait()
    for _ in range(1000):  # until PostgreSQL has seen that nobody is there any more
        again = other.invoke(cli.main, [*arguments, str(quick)])
        if again.exit_code == 0:
            break
    assert (again.exit_code, count(database)) == (0, 600)


def count(database: Database) -> int:
    """How many watches there are."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(ExpiryWatch)) or 0


def test_the_command_says_what_became_of_it_and_writes_a_report(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    end = clock.now().date() + 400 * DAY
    file, told = tmp_path / "watches.csv", tmp_path / "report.csv"
    file.write_text(rows(f"1;passport;{end};{MAIL};de", f"2;passport;soon;{MAIL};de"), encoding="utf-8")
    arguments = ["import", "watches", str(file), "--report", str(told), "--office", "musterstadt"]
    result = CliRunner(env=settings(database_url)).invoke(cli.main, arguments)
    assert result.exit_code == 1, "some rows were bad"
    assert "2 rows: 1 new, 0 changed, 0 unchanged, 0 repeated, 0 ended, 1 bad" in result.output
    assert told.read_text(encoding="utf-8").splitlines()[1].startswith('3,"expires: This is no date')


def test_nobody_can_be_read_in_a_dump(database: Database, config: Config, now: datetime, end: date) -> None:
    data = (
        f"id;name;kind;expires;phone;mail\nAZ-4711-geheim;Zoë Unverwechselbar;passport;{end};{PHONE};{MAIL}\n"
    )
    deliver(database, config, data, now)
    sweep(database, config, now)
    dumped = dump(database)
    assert "gAAAAA" in dumped
    for word in ("4711", "geheim", "Unverwechselbar", "23456789", "beispiel.example", "zoe@"):
        assert word not in dumped


def dump(database: Database) -> str:
    """Everything about watches and messages."""
    with database.read() as session:
        return "\n".join(
            repr(tuple(row))
            for name in ("expiry_watch", "message")
            for row in session.execute(select(Base.metadata.tables[name]).order_by("id"))
        )


def test_the_interface_takes_the_same_files(
    database: Database, office: Office, client: FlaskClient, now: datetime
) -> None:
    end = clock.now().date() + 400 * DAY
    secret = token(database, office, now, Scope.WATCHES)
    bearer = {"Authorization": f"Bearer {secret}"}
    entries = [
        {"id": "1", "kind": "student", "expires": str(end), "mail": MAIL},
        {"id": "2", "kind": "student"},
    ]
    given = [client.put("/api/v1/watches", json={"watches": entries}, headers=bearer) for _ in range(2)]
    assert [each.status_code for each in given] == [200, 200]
    assert [(each.json or {})["new"] for each in given] == [1, 0]
    assert (given[0].json or {})["errors"][0]["line"] == 2
    csv = client.put(
        "/api/v1/watches?complete=true",
        data=rows(f"1;student;{end};{MAIL};de"),
        headers=bearer | {"Content-Type": "text/csv"},
    )
    assert (csv.json or {})["ended"] == 0
    assert (csv.json or {})["not_ended"] is None
    empty = client.put("/api/v1/watches", data=b"", headers=bearer)
    assert (empty.status_code, (empty.json or {})["code"]) == (422, "invalid")


def test_the_interface_needs_a_token_that_is_for_it(
    database: Database, office: Office, client: FlaskClient, now: datetime
) -> None:
    secret = token(database, office, now, Scope.BOOK)
    for headers, status in (({}, 401), ({"Authorization": f"Bearer {secret}"}, 403)):
        assert client.put("/api/v1/watches", json=[], headers=headers).status_code == status


def test_what_is_sent_is_taken_in_small_parts(
    database: Database, config: Config, now: datetime, end: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 10)
    report, _ = deliver(database, config, many(35, end), now)
    assert (report.new, count(database)) == (35, 35)


def test_a_file_without_a_last_line_end_is_taken_whole_where_its_rows_are_counted(
    database: Database, database_url: str, office: Office, client: FlaskClient, tmp_path: Path, now: datetime
) -> None:
    end = clock.now().date() + 400 * DAY
    text = rows(f"1;passport;{end};{MAIL};de", f"2;passport;{end};{MAIL};de").rstrip("\n")
    file = tmp_path / "watches.csv"
    file.write_text(text, encoding="utf-8")
    run = CliRunner(env=settings(database_url)).invoke
    doubtful = run(cli.main, ["import", "watches", str(file)])
    assert (doubtful.exit_code, "Not everything was taken." in doubtful.output) == (1, True)
    counted = run(cli.main, ["import", "watches", str(file), "--rows", "2"])
    assert (counted.exit_code, "1 new" in counted.output) == (0, True)
    bearer = {"Authorization": f"Bearer {token(database, office, now, Scope.WATCHES, Scope.CARDS)}"}
    answers = [client.put(f"/api/v1/watches?{how}", data=text, headers=bearer).json for how in ("", "rows=2")]
    assert [(each or {})["is_whole"] for each in answers] == [False, True]
    cards = client.put(
        "/api/v1/cards?complete=true", data="order;born\n", headers=bearer | {"Accept-Language": "en"}
    )
    assert (cards.status_code, "leave" in cards.text) == (422, True)


def test_who_wants_no_more_is_remembered_until_the_new_date_is_over(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    deliver(database, config, rows(f"1;residence_permit;{end};{MAIL};de"), now)
    with database.write() as session:
        watching.end(session, session.scalars(select(ExpiryWatch)).one(), now)
    later = end + 365 * DAY
    report, _ = deliver(database, config, rows(f"1;student;{later};{MAIL};de"), now)
    assert (report.new, report.changed) == (0, 0)
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        assert watch_upkeep.forget(session, office, now + 200 * DAY, settings=config) == 0
    [watch] = watches(database)
    assert (watch.state, watch.ends_on, watch.contact) == (WatchState.OPTED_OUT, later, None)


@pytest.mark.parametrize("wrong", ["1;residence_permit;2026-01-01;{mail};de", "1;residence_permit;{end};;de"])
def test_a_known_date_of_which_nobody_can_be_reminded_ends_and_is_told(
    database: Database, config: Config, now: datetime, end: date, wrong: str
) -> None:
    good = rows(f"1;residence_permit;{end};{MAIL};de")
    deliver(database, config, good, now)
    sweep(database, config, now)
    for _ in range(2):
        report, bad = deliver(database, config, rows(wrong.format(mail=MAIL, end=end)), now)
        assert (report.bad, report.unchanged, len(bad)) == (1, 0, 1)
        assert [each.state for each in messages(database)] == [MessageState.CANCELLED]
        assert [each.state for each in watches(database)] == [WatchState.WITHDRAWN]
    assert deliver(database, config, good, now)[0].changed == 1
    assert [each.state for each in watches(database)] == [WatchState.ACTIVE]


def test_what_waits_for_the_old_contact_goes_to_the_new_one(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    deliver(database, config, rows(f"1;residence_permit;{end};{MAIL};de"), now)
    assert sweep(database, config, now) == 1
    report, _ = deliver(database, config, rows(f"1;residence_permit;{end};olena@beispiel.example;de"), now)
    assert (report.changed, sweep(database, config, now)) == (1, 1)
    assert [each.state for each in messages(database)] == [MessageState.CANCELLED, MessageState.PENDING]
    assert contents(database, messages(database)[-1])["to"] == "olena@beispiel.example"


def test_a_date_that_has_passed_as_delivered_keeps_its_last_reminder(
    database: Database, config: Config, now: datetime
) -> None:
    end = now.date() + 10 * DAY
    deliver(database, config, rows(f"1;residence_permit;{end};{MAIL};de"), now)
    report, _ = deliver(database, config, rows(f"1;residence_permit;{end};{MAIL};en"), now + 11 * DAY)
    assert report.bad == 1
    assert [each.state for each in watches(database)] == [WatchState.ACTIVE]
