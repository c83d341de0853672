"""Staff look up and note reminders, record applications, and the team lead sees what is coming."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import renewal_forecast, renewals
from frontoffice.documents.chart import chart
from frontoffice.documents.models import WatchState
from frontoffice.events import Event
from frontoffice.messages import texts
from frontoffice.messages.models import Medium, MessageState
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.agenda.conftest import SignIn, clerk, lead, office, sign_in, stopped_clock
from tests.agenda.parts import booked
from tests.booking.steps import OLENA, at
from tests.documents.parts import MAIL, PHONE, begin, contents, deliver, in_outbox, rows, sweep, watches
from tests.documents.test_watch_pages import day
from tests.line.browsing import Browser

__all__ = ["clerk", "lead", "office", "sign_in", "stopped_clock"]

DAY = timedelta(days=1)
AT = "/agenda/musterstadt"


def test_a_date_is_noted_and_found_again_and_the_look_is_on_record(
    clerk: Browser, database: Database, config: Config, now: datetime
) -> None:
    clerk.get(f"{AT}/watches/")
    ends = now.date() + 90 * DAY
    clerk.post(f"{AT}/watches/add", contact=MAIL, kind="passport", language="de", **day(ends))
    [kept] = watches(database)
    assert (kept.source, kept.kind, kept.expires_on) == ("desk", "passport", ends)
    clerk.get(f"{AT}/watches/")
    clerk.post(f"{AT}/watches/", contact=MAIL)
    assert "Passport" in clerk.text
    assert "Application received" in clerk.text
    with database.read() as session:
        seen = session.scalars(select(Event.subject).where(Event.kind == "watch.seen")).all()
    assert seen == [f"watch:{kept.id}"]
    clerk.post(f"{AT}/watches/", contact="else@example.org")
    assert "Of nothing at this office." in clerk.text


def test_who_comes_after_the_last_reminder_is_told_at_once(
    clerk: Browser, database: Database, config: Config, now: datetime
) -> None:
    clerk.get(f"{AT}/watches/")
    clerk.post(f"{AT}/watches/add", contact=MAIL, kind="passport", language="de", **day(now.date() + 3 * DAY))
    assert "We remind the person in time." in clerk.text
    assert sweep(database, config, now) == 1
    with database.write() as session:
        session.scalars(select(Office)).one().document_reminders = {"days": {"passport": []}}
    clerk.post(
        f"{AT}/watches/add", contact=MAIL, kind="passport", language="de", **day(now.date() + 300 * DAY)
    )
    assert "No reminder is left before this date" in clerk.text


def test_a_contact_that_staff_have_typed_hears_of_it_at_once_and_once(
    clerk: Browser, database: Database, config: Config, now: datetime
) -> None:
    ends = now.date() + 400 * DAY
    for _ in range(2):
        clerk.get(f"{AT}/watches/")
        clerk.post(f"{AT}/watches/add", contact=MAIL, kind="passport", language="en", **day(ends))
    assert "They get a first message at once" in clerk.text
    [kept] = watches(database)
    [noted] = in_outbox(database, "expiry_noted")
    assert (noted.subject, noted.language, noted.state) == (f"watch:{kept.id}", "en", MessageState.PENDING)
    said = contents(database, noted)
    assert said["to"] == MAIL
    page = clerk.get(said["link"].removeprefix(config.site.base_url))
    assert (page.status_code, "Passport" in page.text) == (200, True)
    text = texts.render("expiry_noted", Medium.MAIL, "en", without(said, "to", "fallback_to")).text
    assert "have noted this address" in text
    assert said["link"] in text


def test_nobody_is_told_so_who_hears_of_the_date_today_or_typed_it_themselves(
    clerk: Browser, database: Database, config: Config, now: datetime
) -> None:
    clerk.get(f"{AT}/watches/")
    clerk.post(f"{AT}/watches/add", contact=MAIL, kind="passport", language="de", **day(now.date() + 3 * DAY))
    begin(database, config, now.date() + 400 * DAY, now)
    assert (len(watches(database)), in_outbox(database, "expiry_noted")) == (2, [])


def test_who_ends_it_before_the_message_has_left_gets_none(
    clerk: Browser, database: Database, now: datetime
) -> None:
    clerk.get(f"{AT}/watches/")
    clerk.post(
        f"{AT}/watches/add", contact=PHONE, kind="passport", language="ar", **day(now.date() + 400 * DAY)
    )
    clerk.post(f"{AT}/watches/{watches(database)[0].id}/end")
    assert [each.state for each in in_outbox(database, "expiry_noted")] == [MessageState.CANCELLED]


def test_after_a_visit_the_contact_is_known(
    clerk: Browser, database: Database, config: Config, now: datetime
) -> None:
    visit = booked(database, config, at(24, "8:00"), now)
    clerk.get(f"{AT}/appointments/{visit.reference}/")
    page = f"{AT}/watches/of/{visit.reference}"
    clerk.get(page)
    assert OLENA.mail not in clerk.text
    clerk.post(page, kind="residence_permit", to="0", language="en", **day(now.date() + 400 * DAY))
    [kept] = watches(database)
    assert (kept.source, kept.language) == ("desk", "en")


def test_the_look_at_the_contact_of_an_appointment_is_on_record_once(
    clerk: Browser, database: Database, config: Config, now: datetime
) -> None:
    visit = booked(database, config, at(24, "8:00"), now)
    for _ in range(2):
        clerk.get(f"{AT}/watches/of/{visit.reference}")
    with database.read() as session:
        seen = session.scalars(select(Event.subject).where(Event.kind == "appointment.seen")).all()
    assert seen == [f"appointment:{visit.id}"]


def test_an_application_received_at_the_desk_ends_the_reminders(
    clerk: Browser, database: Database, config: Config, now: datetime
) -> None:
    number = begin(database, config, now.date() + 90 * DAY, now)
    clerk.get(f"{AT}/watches/")
    clerk.post(f"{AT}/watches/{number}/applied")
    assert [each.state for each in watches(database)] == [WatchState.APPLIED]
    assert sweep(database, config, now) == 0


def test_what_is_wrong_is_said(clerk: Browser, database: Database) -> None:
    clerk.get(f"{AT}/watches/")
    for fields in ({"contact": "nobody"}, {"contact": MAIL, "kind": "passport"}):
        answer = clerk.post(f"{AT}/watches/add", **fields)
        assert answer.status_code == 422
    assert watches(database) == []


def test_only_who_may_sees_it(sign_in: SignIn) -> None:
    status = {
        role: (
            sign_in(role).get(f"{AT}/watches/").status_code,
            sign_in(role, username=f"other-{role}").get(f"{AT}/renewals").status_code,
        )
        for role in (Role.FRONT_DESK, Role.TEAM_LEAD, Role.AUDITOR)
    }
    assert status == {Role.FRONT_DESK: (200, 403), Role.TEAM_LEAD: (200, 200), Role.AUDITOR: (403, 403)}


def test_seats_go_to_those_whose_document_ends_first_and_nobody_comes_half_a_year_before() -> None:
    monday = date(2026, 11, 23)
    ending = {monday + week * renewals.WEEK: many for week, many in enumerate((2, 9, 3, 30))}
    seats = {monday + week * renewals.WEEK: 7 for week in range(4)}
    found = renewals.weeks(monday, ending, seats, many=4)
    assert [each.missing for each in found] == [0, 0, 0, 2 + 9 + 3 + 30 - 4 * 7]
    assert renewals.shortage(found) is found[3]
    assert renewals.shortage(found[:3]) is None
    late = renewals.weeks(monday, {monday + 20 * renewals.WEEK: 30}, {monday: 100}, many=21)
    assert late[20].missing == 30, "the seats of this week are of no use to them"
    drawn = chart(found)
    assert max(number for _, number in drawn.lines) >= 30
    assert all(0 <= bar.level <= drawn.base for bar in drawn.bars)


def test_the_forecast_counts_watches_by_week_and_the_seats_that_others_have_not_taken(
    lead: Browser, database: Database, config: Config, office: Office, now: datetime
) -> None:
    lines = [
        f"{number};residence_permit;{date(2026, 12, 9)};a{number}@example.org;de" for number in range(150)
    ]
    deliver(database, config, rows(*lines, f"x;passport;{date(2027, 1, 5)};{MAIL};de"), now)
    before = _forecast(database, config, office, now)
    assert [each.ending for each in before.weeks[:7]] == [0, 0, 150, 0, 0, 0, 1]
    # Three seats in the first team and one each in the second and on campus, four hours a day, thirty minutes each.
    assert before.weeks[0].seats == 5 * 5 * 8
    assert before.shortage is None
    booked(database, config, at(24, "8:00"), now, items=(("eat-pick-up", 1),))
    after = _forecast(database, config, office, now)
    assert after.weeks[0].seats == before.weeks[0].seats - 1
    answer = lead.get(f"{AT}/renewals")
    assert answer.status_code == 200
    assert "<svg" in answer.get_data(as_text=True)
    assert "there is room for everybody" in lead.text
    many = [f"y{n};residence_permit;{date(2026, 12, 9)};b{n}@example.org;de" for n in range(600)]
    deliver(database, config, rows(*many), now)
    lead.get(f"{AT}/renewals")
    assert "It will not be enough in the week of Monday, 7 December 2026" in lead.text
    assert "151 are missing" in lead.text


def _forecast(database: Database, config: Config, office: Office, now: datetime) -> renewal_forecast.Forecast:
    with database.read() as session:
        place = session.get_one(Office, office.id)
        return renewal_forecast.forecast(session, place, now, settings=config.documents)


def without(said: dict[str, str], *names: str) -> dict[str, str]:
    """The rest."""
    return {name: value for name, value in said.items() if name not in names}
