"""What is asked about offices in many places."""

from datetime import date, timedelta

from frontoffice.db import Database
from frontoffice.offices import finding
from frontoffice.offices.models import Closure, Office
from tests.sample import sample_office

DAY = date(2026, 12, 1)


def test_coming_closures_are_those_of_the_office_by_day(database: Database, office: Office) -> None:
    with database.write() as session:
        other = sample_office(session, "andernort")
        session.add(Closure(office_id=other.id, schedule_id=other.schedules[0].id, day=DAY, reason="Streik"))
        later, sooner = (
            Closure(office_id=office.id, day=day, reason="Streik") for day in (date(2027, 1, 4), DAY)
        )
        session.add_all((later, sooner))
    with database.read() as session:
        place = session.get_one(Office, office.id)
        assert [each.id for each in finding.coming_closures(session, place, DAY)] == [sooner.id, later.id]
        assert [each.id for each in finding.coming_closures(session, place, DAY + timedelta(days=1))] == [
            later.id
        ]
