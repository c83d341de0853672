"""No reminder is lost and none is doubled, whatever happens to the run that writes them."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import watch_sweep, watch_upkeep, watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.importing import Complete
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.errors import Invalid
from frontoffice.messages import suppression
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.suppression import Topic
from frontoffice.offices.models import Office
from tests.documents.parts import (
    MAIL,
    PASSPORT,
    PHONE,
    begin,
    contents,
    deliver,
    keys,
    messages,
    rows,
    sweep,
    watches,
)

pytestmark = pytest.mark.usefixtures("office")
DAY = timedelta(days=1)


@pytest.fixture
def end(now: datetime) -> date:
    """Ninety days from now."""
    return now.date() + 90 * DAY


def test_each_step_leaves_once_on_its_day(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    number = begin(database, config, end, now - DAY)
    counts = [
        sweep(database, config, now + day * DAY + hour) for day in range(95) for hour in (DAY * 0, DAY / 24)
    ]
    assert sum(counts) == 4
    assert keys(database) == [f"watch:{number}:{end}:T-{days}:sms" for days in (90, 56, 28, 7)]
    steps = [contents(database, each)["step"] for each in messages(database)]
    assert steps == ["early", "early", "soon", "last"]


def test_what_it_says_and_where_it_leads(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    number = begin(database, config, end, now, contact=Contact(phone=PHONE, mail=MAIL))
    assert sweep(database, config, now) == 1
    [message] = messages(database)
    said = contents(database, message)
    assert (said["to"], said["fallback_to"]) == (PHONE, MAIL)
    assert said["link"] == config.site.base_url + watching.path(database.vault, number)
    assert datetime.fromisoformat(said["due_at"]).date() == end
    assert now <= message.not_before <= now + timedelta(minutes=config.documents.spread_minutes)
    with database.read() as session:
        found = watching.find(session, *said["link"].split("/")[-3:-1])
    assert found.id == number


def test_three_days_without_a_run_lose_nothing_and_send_nothing_twice(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    for later in range(4):
        begin(database, config, end + later * DAY, now, contact=Contact(phone=f"+491512345678{later}"))
    assert sweep(database, config, now + 3 * DAY) == 4
    assert sweep(database, config, now + 3 * DAY) == 0
    assert {key.rsplit(":", 2)[1] for key in keys(database)} == {"T-90"}


def test_months_without_a_run_end_in_one_message_each_spread_over_time(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    for each in range(30):
        begin(database, config, end, now, contact=Contact(phone=f"+49151234567{each:02}"))
    later = now + 40 * DAY
    assert sweep(database, config, later) == 30
    assert {key.rsplit(":", 2)[1] for key in keys(database)} == {"T-56"}
    times = sorted(each.not_before - later for each in messages(database))
    spread = timedelta(minutes=config.documents.spread_minutes)
    assert times[0] < spread / 5
    assert times[-1] > spread * 4 / 5
    assert {each.priority for each in messages(database)} == {watch_sweep.PRIORITY}


def test_two_runs_at_once_write_everything_once(
    database: Database, config: Config, now: datetime, end: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_sweep, "AT_ONCE", 7)
    lines = [f"{n};residence_permit;{end};+49151234567{n:02};de" for n in range(60)]
    deliver(database, config, rows(*lines), now)
    gate, written = Barrier(3), list[int]()

    def run() -> None:
        gate.wait()
        written.append(sweep(database, config, now))

    threads = [Thread(target=run) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    sweep(database, config, now)  # what was locked by one that went on is the next run's
    assert len(keys(database)) == len(set(keys(database))) == 60


def test_a_run_that_was_killed_is_done_again(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    begin(database, config, end, now)
    with pytest.raises(RuntimeError), database.write() as session:
        assert watch_sweep.sweep(session, now, settings=config).written == 1
        raise RuntimeError
    assert messages(database) == []
    assert sweep(database, config, now) == 1


def test_the_end_of_summer_time_changes_nothing(database: Database, config: Config) -> None:
    night = datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    end = night.date() + 90 * DAY
    begin(database, config, end, night - DAY)
    hours = [night.astimezone(UTC) + timedelta(minutes=30 * half) for half in range(52)]
    assert sum(sweep(database, config, moment) for moment in hours) == 1
    assert contents(database, messages(database)[0])["due_at"].startswith(end.isoformat())


def test_the_beginning_of_summer_time_changes_nothing(database: Database, config: Config) -> None:
    night = datetime(2027, 3, 28, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    end = night.date() + 90 * DAY
    begin(database, config, end, night - DAY)
    hours = [night.astimezone(UTC) + timedelta(minutes=30 * half) for half in range(46)]
    assert sum(sweep(database, config, moment) for moment in hours) == 1


@pytest.mark.parametrize(
    ("ends", "reminders"),
    [
        (date(2028, 2, 29), ["2027-12-01", "2028-01-04", "2028-02-01", "2028-02-22"]),
        (date(2026, 11, 23), []),  # today
        (date(2026, 11, 22), None),  # yesterday
        (date(2056, 11, 23), None),  # in thirty years
        (date(2041, 11, 23), ["2041-08-25", "2041-09-28", "2041-10-26", "2041-11-16"]),
    ],
)
def test_odd_dates_are_reminded_of_or_refused_with_a_sentence(
    database: Database, config: Config, now: datetime, ends: date, reminders: list[str] | None
) -> None:
    if reminders is None:
        with pytest.raises(Invalid, match=r"is over|too far ahead"):
            begin(database, config, ends, now)
        return
    begin(database, config, ends, now)
    days = []
    while (next_on := watches(database)[0].next_on) is not None:
        days.append(next_on.isoformat())
        assert sweep(database, config, datetime.combine(next_on, now.timetz())) == 1
    assert days == reminders


def test_five_days_without_a_worker_cost_one_message_for_each_and_no_more(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    for days in range(5):
        begin(database, config, end + days * DAY, now - DAY, contact=Contact(mail=f"{days}{MAIL}"))
    assert sweep(database, config, now - DAY) == 0
    assert sweep(database, config, now + 4 * DAY) == 5
    assert sweep(database, config, now + 4 * DAY) == 0
    assert len(set(keys(database))) == 5


def test_a_day_begins_when_it_does_at_the_office(
    database: Database, config: Config, office: Office, end: date, now: datetime
) -> None:
    with database.write() as session:
        session.get_one(Office, office.id).time_zone = "Pacific/Auckland"
        other = session.get_one(Office, office.id)
        session.add(
            Office(
                **{
                    name: getattr(other, name)
                    for name in ("street", "postal_code", "city", "phone", "mail", "land", "languages")
                },
                slug="other",
                name="Other",
            )
        )
    auckland = datetime(2026, 11, 24, 0, 5, tzinfo=ZoneInfo("Pacific/Auckland"))
    lines = [
        f"{slug};residence_permit;2027-02-22;{PHONE[:-1]}{n};{slug}"
        for n, slug in enumerate(("musterstadt", "other"))
    ]
    deliver(database, config, "id;kind;expires;contact;office\n" + "\n".join(lines) + "\n", now - DAY)
    assert sweep(database, config, auckland - timedelta(minutes=10)) == 0
    assert sweep(database, config, auckland) == 1
    assert sweep(database, config, auckland + DAY / 2) == 1


def test_two_documents_of_one_person_that_are_due_together_make_one_message(
    database: Database, config: Config, now: datetime, end: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_sweep, "AT_ONCE", 1)
    later = begin(database, config, end + 90 * DAY, now, kind=PASSPORT)
    first = begin(database, config, end, now)
    assert sweep(database, config, now) == 1
    assert keys(database) == [f"watch:{first}:{end}:T-90:sms"]
    assert contents(database, messages(database)[0])["more"] == "1"
    assert [each.next_on for each in watches(database) if each.id == later] == [end], "and it goes on"


def say(database: Database, config: Config, number: int, ends: date, now: datetime) -> None:
    """Another date of a watch, as its holder says."""
    with database.write() as session:
        watch = session.get_one(ExpiryWatch, number)
        watching.change(session, watch, watch.kind, ends, "de", now, settings=config.documents)


@pytest.mark.parametrize("has_left", [True, False])
def test_a_date_that_was_changed_and_changed_back_does_not_swallow_the_others_of_the_same_day(
    database: Database, config: Config, now: datetime, end: date, has_left: bool
) -> None:
    first = begin(database, config, end, now)
    assert sweep(database, config, now) == 1
    if has_left:
        with database.write() as session:
            session.scalars(select(Message)).one().state = MessageState.SENT
    say(database, config, first, end + DAY, now)
    say(database, config, first, end, now)
    other = begin(database, config, end + 90 * DAY, now, kind=PASSPORT)
    assert sweep(database, config, now) == 1
    said = messages(database)[-1]
    assert said.subject == f"watch:{other if has_left else first}"
    assert contents(database, said).get("more") == (None if has_left else "1")
    assert sweep(database, config, now) == 0


@pytest.mark.parametrize("answer", ["applied", "ended", "changed", "withdrawn"])
def test_what_stood_in_a_message_that_is_taken_back_is_said_in_one_of_its_own(
    database: Database, config: Config, now: datetime, end: date, answer: str
) -> None:
    deliver(database, config, rows(f"a;residence_permit;{end};{PHONE};de"), now)
    other = begin(database, config, end + 90 * DAY, now, kind=PASSPORT)
    assert sweep(database, config, now) == 1
    [first] = [each.id for each in watches(database) if each.id != other]
    if answer == "changed":
        say(database, config, first, end + 300 * DAY, now)
    elif answer == "withdrawn":
        deliver(
            database,
            config,
            rows(f"b;residence_permit;{end + 300 * DAY};+4915100000000;de"),
            now,
            complete=Complete(),
        )
    else:
        with database.write() as session:
            verb = watching.applied if answer == "applied" else watching.end
            verb(session, session.get_one(ExpiryWatch, first), now)
    assert sweep(database, config, now) == 1
    taken_back, said = messages(database)
    assert (taken_back.state, said.state) == (MessageState.CANCELLED, MessageState.PENDING)
    assert said.subject == f"watch:{other}"
    assert sum(sweep(database, config, now + hour * DAY / 24) for hour in range(48)) == 0


def test_two_runs_at_once_do_not_take_the_documents_of_one_person_apart(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    begin(database, config, end, now)
    begin(database, config, end + 90 * DAY, now, kind=PASSPORT)
    with database.write() as session:
        assert watch_sweep.sweep(session, now, settings=config).written == 1
        if not database.is_sqlite:  # which would let the other one wait
            assert sweep(database, config, now) == 0
    assert sweep(database, config, now) == 0


def test_application_received_ends_it_and_takes_back_what_has_not_left(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    number = begin(database, config, end, now)
    sweep(database, config, now)
    with database.write() as session:
        watching.applied(session, session.get_one(ExpiryWatch, number), now)
    assert [each.state for each in messages(database)] == [MessageState.CANCELLED]
    assert sum(sweep(database, config, now + day * DAY) for day in range(95)) == 0


def test_another_date_moves_the_ladder(database: Database, config: Config, now: datetime, end: date) -> None:
    number = begin(database, config, end, now)
    sweep(database, config, now)
    with database.write() as session:
        watch = session.get_one(ExpiryWatch, number)
        watching.change(session, watch, watch.kind, end + 365 * DAY, "en", now, settings=config.documents)
    assert [each.state for each in messages(database)] == [MessageState.CANCELLED]
    assert sum(sweep(database, config, now + day * DAY) for day in range(100)) == 0
    assert sweep(database, config, now + 365 * DAY) == 1


def test_who_wants_no_reminders_is_forgotten(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    begin(database, config, end, now)
    deliver(database, config, rows(f"a1;residence_permit;{end};{PHONE};de"), now)
    with database.write() as session:
        [digest, *_] = suppression.digests_of(session, Medium.SMS, PHONE)
        suppression.mute(session, digest, Topic.REMINDERS, now)
    assert sweep(database, config, now) == 0
    [left] = watches(database)
    assert (left.state, left.contact, left.recipient) == (WatchState.OPTED_OUT, None, None)
    deliver(database, config, rows(f"a1;residence_permit;{end + DAY};{PHONE};de"), now)
    assert [each.contact for each in watches(database)] == [None], "the next delivery does not bring it back"


def test_upkeep_forgets_the_same_without_a_step_being_due(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    begin(database, config, end + DAY, now)
    with database.write() as session:
        [digest, *_] = suppression.digests_of(session, Medium.SMS, PHONE)
        suppression.mute(session, digest, Topic.REMINDERS, now)
        assert watch_upkeep.forget_muted(session, now) == 1
    assert watches(database) == []


def test_another_ladder_plans_anew_what_is_watched(
    database: Database, config: Config, office: Office, now: datetime, end: date
) -> None:
    begin(database, config, end, now + DAY)
    with database.write() as session:
        session.get_one(Office, office.id).document_reminders = {"title_days": [70]}
    with database.write() as session:
        plans = watch_upkeep.outdated(session, config.documents)
        assert watch_upkeep.replan(session, plans, 0, now) is None
        watch_upkeep.note(session, plans)
        assert watch_upkeep.outdated(session, config.documents) == {}
    assert [each.next_on for each in watches(database)] == [end - 70 * DAY]


@pytest.mark.parametrize("own", [{}, {"watches": 12}])
def test_a_watch_goes_thirty_days_after_the_end_or_earlier_where_the_office_says_so(
    database: Database, config: Config, office: Office, now: datetime, end: date, own: dict[str, int]
) -> None:
    begin(database, config, end, now)
    with database.write() as session:
        session.get_one(Office, office.id).keep_days = own
    gone, most = [], own.get("watches", 30)
    for days in (most, most + 1):
        with database.write() as session:
            later = now + (90 + days) * DAY
            place = session.get_one(Office, office.id)
            gone.append(watch_upkeep.forget(session, place, later, settings=config))
    assert gone == [0, 1]
    with database.read() as session:
        assert session.scalars(select(ExpiryWatch)).all() == []
