"""An office from a file: all of it or a clear word about the mistake."""

from datetime import date, time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from frontoffice.db import Database
from frontoffice.errors import Conflict, Invalid
from frontoffice.offices import office_file
from frontoffice.offices.models import Office, OpeningHours, Service

EXAMPLE = (Path(__file__).parents[2] / "office.example.toml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 23)


def test_the_example_becomes_a_whole_office(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with database.read() as session:
        office = session.scalars(select(Office)).one()
        assert [schedule.slug for schedule in office.schedules] == [
            "residence",
            "skilled-workers",
            "service-desk",
        ]
        assert len(office.services) == 26
        assert len(office.counters[0].services) == 26
        assert office.counters[5].services[0].slug == "transfer-to-new-passport"
        hours = session.scalars(
            select(OpeningHours).where(OpeningHours.schedule_id == office.schedules[1].id)
        ).all()
        assert [(each.weekday, each.opens, each.seats_online) for each in hours] == [
            (d, time(9), 2) for d in range(5)
        ]
        assert {each.valid_from for each in hours} == {TODAY}


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
        ('land = "NW"', 'land = "XX"', "land: .*must be one of"),
        ('land = "NW"', 'land = "NW"\nlnad = "NW"', "lnad: Extra inputs"),
        ('"Europe/Berlin"', '"Europe/Bonn"', "time_zone: .*Europe/Berlin"),
        ("weekdays = [0, 3]", "weekdays = [7]", r"schedules.0.opening_hours.1.weekdays.0"),
        ("opens = 08:00:00", "opens = 25:00:00", "not valid TOML"),
        ('slug = "musterstadt"', 'slug = "Muster Stadt"', "slug: "),
    ],
)
def test_a_mistake_is_named_with_its_place(before: str, after: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        office_file.parse(EXAMPLE.replace(before, after, 1))


def test_a_service_that_the_catalogue_lacks_is_named_and_nothing_is_stored(database: Database) -> None:
    draft = office_file.parse(EXAMPLE.replace('"fast-track"', '"fast-lane"'))
    with pytest.raises(Invalid, match="fast-lane"), database.write() as session:
        office_file.add(session, draft, TODAY)
    with database.read() as session:
        assert session.scalars(select(Office)).all() == []
