"""An office from a file: all of it or a clear word about the mistake."""

from datetime import date, time
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking.visit import visit
from frontoffice.db import Database
from frontoffice.errors import Conflict, Invalid, NotFound
from frontoffice.offices import office_file
from frontoffice.offices.models import Closure, Confirmation, Office, OpeningHours, Schedule, Service

EXAMPLE = (Path(__file__).parents[2] / "office.example.toml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 23)


def rules_of(session: Session, schedule: Schedule) -> list[OpeningHours]:
    """The rules of a schedule, in the order of the file."""
    query = select(OpeningHours).where(OpeningHours.schedule_id == schedule.id)
    return list(session.scalars(query.order_by(OpeningHours.id)))


def test_the_example_becomes_a_whole_office(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with database.read() as session:
        office = session.scalars(select(Office)).one()
        schedules = {schedule.slug: schedule for schedule in office.schedules}
        assert list(schedules) == [
            "residence",
            "studies",
            "skilled-workers",
            "employers",
            "university",
            "service-desk",
        ]
        assert [slug for slug, schedule in schedules.items() if not schedule.pooled] == [
            "employers",
            "university",
        ]
        residence = schedules["residence"]
        assert (residence.emergency_days, residence.flow_hours) == (2, 24)
        assert len(office.services) == 26
        assert len(office.counters[0].services) == 26
        assert office.counters[5].services[0].slug == "transfer-to-new-passport"
        hours = rules_of(session, schedules["skilled-workers"])
        assert [(each.weekday, each.opens, each.seats_online, each.breaks) for each in hours] == [
            (weekday, time(9), 2, [["10:30", "10:45"]]) for weekday in range(5)
        ]
        assert {each.valid_from for each in hours} == {TODAY}
        (monthly,) = rules_of(session, schedules["university"])
        assert (monthly.weekday, monthly.nth, monthly.bookable_from_days) == (3, 1, 70)
        assert schedules["university"].place is not None
        first = rules_of(session, residence)[0]
        assert (first.seats_emergency, first.bookable_from_days, first.release_time) == (1, 35, time(8))


def test_services_differ_from_the_catalogue_only_where_the_file_says_so(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with database.read() as session:
        services = {each.slug: each for each in session.scalars(select(Service))}
        renewal, student = services["residence-permit-renewal"], services["student"]
        assert (
            renewal.minutes,
            renewal.minutes_next_person,
            renewal.minutes_together,
            renewal.most_people,
        ) == (
            30,
            15,
            20,
            5,
        )
        assert (student.minutes_next_person, student.minutes_together, student.most_people) == (None, None, 1)
        assert visit([(renewal, 4), (services["travel-document"], 2)]).minutes == 30 + 45 + 10 + 10


def test_everything_a_service_can_differ_in_is_stored(database: Database) -> None:
    changed = EXAMPLE.replace(
        'slug = "eat-pick-up"\n',
        'slug = "eat-pick-up"\nminutes = 15\nreminder_hours = [72, 3]\npromise_days = 7\nonline = false\n'
        "walk_in = false\nactive = false\n",
        1,
    )
    with database.write() as session:
        office_file.add(session, office_file.parse(changed), TODAY)
    with database.read() as session:
        service = session.scalars(select(Service).where(Service.slug == "eat-pick-up")).one()
        assert (service.minutes, service.reminder_hours, service.promise_days) == (15, [72, 3], 7)
        assert (service.online, service.walk_in, service.active) == (False, False, False)


def test_the_file_names_holidays_on_which_the_office_opens(database: Database) -> None:
    changed = EXAMPLE.replace("open_on = []", "open_on = [2027-10-31, 2026-12-25, 2026-12-25]")
    with database.write() as session:
        assert office_file.add(session, office_file.parse(EXAMPLE), TODAY).open_on == []
        assert office_file.change(session, office_file.parse(changed), TODAY).open_on == [
            "2026-12-25",
            "2027-10-31",
        ]
    with pytest.raises(Invalid, match=r"open_on\.0"):
        office_file.parse(EXAMPLE.replace("open_on = []", 'open_on = ["soon"]'))


def test_closures_of_the_office_and_of_one_schedule_are_stored(database: Database) -> None:
    with database.write() as session:
        office = office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with database.read() as session:
        closures = session.scalars(select(Closure).order_by(Closure.day)).all()
        found = [(each.day, each.opens, each.schedule_id) for each in closures]
    university = next(each.id for each in office.schedules if each.slug == "university")
    assert found[:2] == [(date(2026, 12, 9), time(10), None), (date(2026, 12, 24), None, None)]
    assert (date(2027, 1, 7), None, university) in found


@pytest.mark.parametrize(("word", "chosen"), [("none", Confirmation.NONE), ("either", Confirmation.EITHER)])
def test_the_file_says_how_contacts_are_confirmed(word: str, chosen: Confirmation) -> None:
    line = next(line for line in EXAMPLE.splitlines() if line.startswith("confirmation = "))
    assert office_file.parse(EXAMPLE.replace(line, f'confirmation = "{word}"')).confirmation is chosen
    assert office_file.parse(EXAMPLE.replace(line, "")).confirmation is Confirmation.NONE


def test_the_same_office_twice_is_refused_and_the_first_stays_whole(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with pytest.raises(Conflict, match="musterstadt"), database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Service)) == 26


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('land = "NW"', 'land = "XX"', "land: must be one of"),
        ('land = "NW"', 'land = "NW"\nlnad = "NW"', "lnad: Extra inputs"),
        ('"Europe/Berlin"', '"Europe/Bonn"', "time_zone: .*Europe/Berlin"),
        ("weekdays = [0, 3]", "weekdays = [7]", r"schedules.0.opening_hours.0.weekdays.0"),
        ("closes = 17:00:00", "closes = 07:59:00", r"schedules.0.opening_hours.0.closes: .*five minutes"),
        ("closes = 17:00:00", "closes = 08:00:00", r"schedules.0.opening_hours.0: closes must be after"),
        ("[[12:00:00, 13:00:00]]", "[[13:00:00, 12:00:00]]", "breaks must be"),
        ("[[12:00:00, 13:00:00]]", "[[16:00:00, 18:00:00]]", "breaks must be"),
        ("[[12:00:00, 13:00:00]]", "[[07:00:00, 09:00:00]]", "breaks must be"),
        ("online = 4\nphone = 1\nemergency = 1", "", "at least one seat"),
        ("bookable_from_days = 35\nrelease_time", "release_time", "needs bookable_from_days"),
        ("bookable_from_days = 35", "bookable_from_days = 367", "bookable_from_days"),
        ("bookable_from_days = 35", "bookable_from_days = 1\nbookable_until_days = 2", "must not be less"),
        ("weekdays = [1, 2]", "weekdays = [0, 1]\nbookable_until_days = 1", "a schedule of its own"),
        ("nth = 1 ", "nth = 0 ", "must be 1 to 5, or -1"),
        ("nth = 1 ", "nth = 1\nevery_weeks = 2 ", "every_weeks or nth, not both"),
        ("nth = 1 ", "every_weeks = 2 ", "needs valid_from"),
        (
            "nth = 1 ",
            "valid_from = 2026-12-01\nvalid_until = 2026-12-01 ",
            "must be after valid_from",
        ),
        ('languages = ["de", "en"]', 'languages = ["de", "tlh"]', "no texts in “tlh”; known are de, "),
        ('languages = ["de", "en"]', 'languages = ["de", "de"]', "“de” stands there twice"),
        ('languages = ["de", "en"]', "languages = []", "languages"),
        ('confirmation = "none"', 'confirmation = "letter"', "confirmation"),
        ('slug = "studies"', 'slug = "residence"', "schedules: “residence” stands there twice"),
        ('slug = "humanitarian"', 'slug = "family-reunion"', "services: “family-reunion” stands there twice"),
        ('name = "2"', 'name = "1"', "counters: “1” stands there twice"),
        (
            '["fast-track", "skilled',
            '["fast-track", "fast-track", "skilled',
            "“fast-track” stands there twice",
        ),
        ("minutes_next_person = 15", "minutes_next_person = 12", "services.0.minutes_next_person"),
        ("most_people = 5", "most_people = 21", "services.0.most_people"),
        ("emergency_days = 2", "emergency_days = 61", "schedules.0.emergency_days"),
        ("flow_hours = 24", "flow_hours = -1", "schedules.0.flow_hours"),
        ("closes = 11:30:00", "closes = 09:30:00", "closures.1: closes must be after"),
        ('schedule = "university"', 'schedule = "college"', "there is no schedule “college”"),
        ("opens = 08:00:00", "opens = 25:00:00", "not valid TOML"),
        ('slug = "musterstadt"', 'slug = "Muster Stadt"', "slug: "),
    ],
)
def test_a_mistake_is_named_with_its_place(before: str, after: str, says: str) -> None:
    assert before in EXAMPLE
    with pytest.raises(Invalid, match=says):
        office_file.parse(EXAMPLE.replace(before, after, 1))


def test_rules_for_different_days_or_times_may_be_released_differently() -> None:
    for changes in (
        {"weekdays = [1, 2]": "weekdays = [1, 2]\nbookable_until_days = 1"},
        {"weekdays = [1, 2]\nopens = 08:00:00\ncloses = 12:30:00": "weekdays = [0]\nopens = 17:00:00\n"
         "closes = 18:00:00\nbookable_until_days = 1"},
        {"weekdays = [1, 2]": "weekdays = [0]\nvalid_from = 2027-01-01\nbookable_until_days = 1",
         "weekdays = [0, 3]\nopens": "weekdays = [0, 3]\nvalid_until = 2027-01-01\nopens"},
        {"weekdays = [1, 2]": "weekdays = [0]\nnth = 2\nbookable_until_days = 1",
         "weekdays = [0, 3]\nopens": "weekdays = [0, 3]\nnth = 1\nopens"},
    ):  # fmt: skip
        text = EXAMPLE
        for before, after in changes.items():
            assert before in text
            text = text.replace(before, after, 1)
        office_file.parse(text)


@pytest.mark.parametrize("slug", ["fast-track", "humanitarian"])
def test_a_service_that_the_catalogue_lacks_is_named_and_nothing_is_stored(
    database: Database, slug: str
) -> None:
    draft = office_file.parse(EXAMPLE.replace(f'"{slug}"', '"fast-lane"'))
    with pytest.raises(Invalid, match="fast-lane"), database.write() as session:
        office_file.add(session, draft, TODAY)
    with database.read() as session:
        assert session.scalars(select(Office)).all() == []


def change(database: Database, text: str, today: date = TODAY) -> None:
    with database.write() as session:
        office_file.change(session, office_file.parse(text), today)


def contents(database: Database, slug: str = "musterstadt") -> list[object]:
    """All that a file decides about an office, without the numbers of rows."""
    with database.read() as session:
        office = session.scalars(select(Office).where(Office.slug == slug)).one()
        named = {each.id: each.slug for each in office.schedules}
        of_office = select(Closure).where(Closure.office_id == office.id)
        closures = session.scalars(of_office.order_by(Closure.day, Closure.id))
        return [
            (office.name, office.languages, office.confirmation),
            [
                (each.slug, each.minutes_next_person, each.most_people, each.online)
                for each in office.services
            ],
            [
                (
                    (each.slug, each.name, each.pooled, each.place, each.emergency_days, each.flow_hours),
                    [service.slug for service in each.services],
                    [
                        (hours.weekday, hours.opens, hours.closes, hours.nth)
                        for hours in rules_of(session, each)
                    ],
                )
                for each in office.schedules
            ],
            [(each.name, each.room, [service.slug for service in each.services]) for each in office.counters],
            [(each.day, each.schedule_id and named[each.schedule_id], each.opens) for each in closures],
        ]


def test_an_unchanged_file_changes_nothing(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
        rules = session.scalar(select(func.count()).select_from(OpeningHours))
    before = contents(database)
    change(database, EXAMPLE)
    assert contents(database) == before
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(OpeningHours)) == rules


def test_an_edited_file_makes_the_office_what_a_new_one_would_be(database: Database) -> None:
    edited = (
        EXAMPLE.replace('name = "Ausländerbehörde Musterstadt"', 'name = "Willkommensbehörde"')
        .replace("most_people = 5", "most_people = 7", 1)
        .replace('name = "Team Fachkräfte"', 'name = "Team Arbeit"')
        .replace("nth = 1 ", "nth = 2 ")
        .replace("closes = 17:00:00", "closes = 16:00:00")
        .replace('["fast-track", "skilled-worker", "blue-card"]', '["fast-track"]')
        .replace("days = [2026-12-09]", "days = [2026-12-09, 2026-12-10]")
        .replace('name = "6"\nroom = "Wartebereich B"', 'name = "6"\nroom = "Wartebereich C"')
        + '[[counters]]\nname = "7"\n'
    )
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
        twin = edited.replace('slug = "musterstadt"', 'slug = "twin"', 1)
        office_file.add(session, office_file.parse(twin), TODAY)
    before = contents(database)
    change(database, edited)
    assert contents(database) == contents(database, "twin")
    assert all(now != then for now, then in zip(contents(database), before, strict=True))


def test_a_schedule_that_is_no_longer_in_the_file_stays_without_opening_hours(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    parts = EXAMPLE.split("[[schedules]]\n")
    change(database, "[[schedules]]\n".join(part for part in parts if 'slug = "studies"' not in part))
    with database.read() as session:
        schedules = {each.slug: each for each in session.scalars(select(Schedule))}
        assert len(schedules) == 6
        assert rules_of(session, schedules["studies"]) == []
        assert rules_of(session, schedules["residence"]) != []


def test_what_cannot_be_changed_is_refused_and_nothing_is_changed(database: Database) -> None:
    with pytest.raises(NotFound, match="musterstadt"):
        change(database, EXAMPLE)
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    before = contents(database)
    with pytest.raises(Conflict, match="time zone"):
        change(database, EXAMPLE.replace("Europe/Berlin", "Europe/Paris"))
    with pytest.raises(Invalid, match="fast-lane"):
        change(database, EXAMPLE.replace('"fast-track"', '"fast-lane"').replace("Team Aufenthalt", "X"))
    assert contents(database) == before


def test_counters_have_teams_and_languages_and_rooms_have_slides(database: Database) -> None:
    text = EXAMPLE
    with database.write() as session:
        office = office_file.add(session, office_file.parse(text), TODAY)
    with database.read() as session:
        first, *_others, last = session.get_one(Office, office.id).counters
        assert (first.team, first.languages) == ("Aufenthalt", ["en", "uk"])
        assert (last.room, last.languages) == ("Wartebereich B", ["en", "fr"])
        everywhere, in_one_room = session.get_one(Office, office.id).slides
        assert set(everywhere.titles) == {"de", "en", "uk", "ar"}
        assert (everywhere.room, in_one_room.room, in_one_room.seconds) == (None, "Wartebereich B", 12)
    changed = text.replace('languages = ["en", "uk"]', 'languages = ["tr"]').replace(
        "seconds = 12", "seconds = 20"
    )
    with database.write() as session:
        office_file.change(session, office_file.parse(changed), TODAY)
    without = changed[: changed.index("# Pages of information")]
    with database.write() as session:
        office_file.change(session, office_file.parse(without), TODAY)
    with database.read() as session:
        office = session.get_one(Office, office.id)
        assert office.counters[0].languages == ["tr"]
        assert [each.seconds for each in office.slides] == [15, 20], "a file without slides leaves them"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('languages = ["en", "uk"]', 'languages = ["English"]'),
        ("seconds = 12", "seconds = 4"),
        ('room = "Wartebereich B"\ntitles.de', 'room = "Keller"\ntitles.de'),
        ("walk_in_warning = 45", "walk_in_warning = 0"),
        ('titles.de = "Karte abholen"', 'link = "javascript:alert(1)"\ntitles.de = "Karte abholen"'),
    ],
)
def test_what_screens_and_counters_cannot_use_is_refused(right: str, wrong: str) -> None:
    text = EXAMPLE
    assert right in text
    with pytest.raises(Invalid):
        office_file.parse(text.replace(right, wrong))
