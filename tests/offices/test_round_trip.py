"""What is set for an office can be written down and read again: a second office is a copy."""

from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.db import Database
from frontoffice.offices import drafting, office_file
from frontoffice.offices.difference import Difference, differences
from frontoffice.offices.draft import OfficeDraft
from frontoffice.offices.models import Closure, Counter, Office, Service
from tests.offices.drafts import TODAY, offices

EXAMPLE = (Path(__file__).parents[2] / "office.example.toml").read_text(encoding="utf-8")


class Undone(Exception):
    """Raised so that a transaction leaves nothing behind."""


def exported(session: Session, slug: str) -> OfficeDraft:
    office = session.scalars(select(Office).where(Office.slug == slug)).one()
    return drafting.draft_of(session, office, TODAY)


def closed(draft: OfficeDraft) -> set[object]:
    return {
        (day, each.schedule, each.opens, each.closes, each.reason)
        for each in draft.closures
        for day in each.days
    }


def taken_at_counters(draft: OfficeDraft) -> dict[str, set[str]]:
    everything = {each.slug for each in draft.services}
    return {each.name: set(each.services) or everything for each in draft.counters}


def into_empty(database: Database, text: str) -> str:
    """Import a file where there is nothing, and export it again; the database stays empty."""
    found = ""
    try:
        with database.write() as session:
            draft = office_file.parse(text)
            office_file.add(session, draft, TODAY)
            session.expire_all()
            found = office_file.written(exported(session, draft.slug))
            raise Undone
    except Undone:
        return found


@settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(offices())
def test_any_office_comes_back_as_it_was_written(database: Database, draft: OfficeDraft) -> None:
    once = into_empty(database, office_file.written(draft))
    assert into_empty(database, once) == once
    tidy = draft.model_copy(
        update={
            "schedules": tuple(
                each.model_copy(update={"opening_hours": drafting.in_order(each.opening_hours, TODAY)})
                for each in draft.schedules
            ),
        }
    )
    back = office_file.parse(once)
    assert closed(back) == closed(draft)
    same = tidy.model_copy(update={"closures": back.closures, "counters": back.counters})
    assert differences(same, back) == []
    assert taken_at_counters(back) == taken_at_counters(draft)


def test_the_example_becomes_a_complete_file_that_says_the_same(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with database.read() as session:
        text = office_file.written(exported(session, "musterstadt"))
    assert text.startswith("# Everything that is set for one office.")
    draft = office_file.parse(text)
    assert draft.complete
    assert len(draft.services) == 26
    assert draft.schedules[0].slug == "residence"
    assert draft.schedules[0].opening_hours[0].weekdays == (0, 3)
    twin = text.replace('slug = "musterstadt"', 'slug = "twin"', 1)
    with database.write() as session:
        office_file.add(session, office_file.parse(twin), TODAY)
    with database.read() as session:
        assert office_file.written(exported(session, "twin")) == twin
        assert differences(exported(session, "musterstadt"), exported(session, "twin")) == [
            Difference("office", "", "slug", "musterstadt", "twin")
        ]


def test_a_complete_file_says_everything_and_what_it_lacks_is_no_longer_used(database: Database) -> None:
    with database.write() as session:
        office_file.add(session, office_file.parse(EXAMPLE), TODAY)
    with database.read() as session:
        whole = exported(session, "musterstadt")
    less = whole.model_copy(
        update={
            "services": tuple(each for each in reversed(whole.services) if each.slug != "emergency"),
            "schedules": tuple(
                each.model_copy(update={"services": tuple(s for s in each.services if s != "emergency")})
                for each in whole.schedules
            ),
            "counters": tuple(
                each.model_copy(update={"services": tuple(s for s in each.services if s != "emergency")})
                for each in whole.counters[1:]
            ),
            "closures": whole.closures[1:],
            "slides": (),
        }
    )
    with database.write() as session:
        office_file.change(session, less, TODAY)
    with database.read() as session:
        office = session.scalars(select(Office)).one()
        emergency = session.scalars(select(Service).where(Service.slug == "emergency")).one()
        assert (emergency.active, emergency.position) == (False, 26)
        assert office.services[0].slug == less.services[0].slug
        unused = select(Counter.name).where(Counter.active.is_(False))
        assert session.scalars(unused).all() == [whole.counters[0].name]
        open_again = whole.closures[0].days[0]
        assert session.scalars(select(Closure).where(Closure.day == open_again)).all() == []
        assert office.slides == []


def test_a_service_of_ones_own_needs_a_name_and_minutes(database: Database) -> None:
    own = """
[[services]]
slug = "tea"
minutes = 10
names.de = "Tee"
names.fa = "چای\u200cها"
plain.de = "Es gibt Tee."
"""
    with database.write() as session:
        office_file.add(
            session, office_file.parse(EXAMPLE.replace("[[services]]\n", own + "\n[[services]]\n", 1)), TODAY
        )
    with database.read() as session:
        tea = session.scalars(select(Service).where(Service.slug == "tea")).one()
        assert (tea.names["fa"], tea.documents, tea.position, tea.online) == (
            "چای\u200cها",
            {"de": []},
            27,
            True,
        )
