"""The same date of the same contact, asked for from several processes at once, is watched once."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.documents.models import ExpiryWatch
from frontoffice.offices.models import Office
from tests.races.crew import Crew

ROUNDS = 8


def begin(session: Session, config: Config, office: int, ends: date, now: datetime) -> int:
    contact = Contact(mail="zoe@beispiel.example")
    place, kind = session.get_one(Office, office), DocumentKind.STUDENT
    return watching.begin(session, place, kind, ends, contact, "de", now, settings=config).id


def test_a_date_that_is_asked_for_twice_at_once_is_watched_once(
    database: Database, config: Config, office: Office, now: datetime, crew: Crew
) -> None:
    days = [now.date() + timedelta(days=100 + each) for each in range(ROUNDS)]
    answers = crew.race(config, [[(begin, office.id, day, now)] * 4 for day in days])
    assert [len(set(each)) for each in answers] == [1] * ROUNDS, answers
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ExpiryWatch)) == ROUNDS
