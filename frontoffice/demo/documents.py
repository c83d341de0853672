"""Documents that end, as the specialist system delivers them: some are due today, and very many end together."""

import io
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import importing, integrations, watching
from frontoffice.documents.models import ExpiryWatch
from frontoffice.documents.watch_import import Watches
from frontoffice.offices.models import Office

MANY = 1500
DAY = timedelta(days=1)
KINDS = (*("residence_permit",) * 5, "family", "student", "skilled_worker", "passport")
# Due as soon as the worker looks: kind, days until the end, language.
DUE = (("residence_permit", 90, "de"), ("student", 28, "en"), ("blue_card", 7, "en"), ("passport", 180, "de"))


def make(database: Database, place: Office, settings: Config, now: datetime) -> None:
    """Deliver them, where there are none yet. Commits."""
    with database.read() as session:
        if session.scalar(select(ExpiryWatch.id).where(ExpiryWatch.office_id == place.id).limit(1)):
            return
        target = Watches(
            integrations.operator(session, place.slug),
            [session.get_one(Office, place.id)],
            settings.documents,
        )
    file = "\n".join(_rows(place, now)) + "\n"
    importing.take(database, io.BytesIO(file.encode()), target, lambda: now)


def _rows(place: Office, now: datetime) -> Iterator[str]:
    chance, today = random.Random(5), watching.today_at(place, now)  # noqa: S311 (sample data, no secret)
    yield "id;kind;expires;contact;language"
    for number in range(MANY):
        kind, language = chance.choice(KINDS), chance.choice(("de", "en"))
        # Very many end together, four months from now.
        ahead = chance.choice(
            (chance.randrange(8, 300), round(chance.gauss(120, 6)), round(chance.gauss(120, 9)))
        )
        if number < len(DUE):
            kind, ahead, language = DUE[number]
        contact = f"+4915112{number:06}" if number % 2 == 0 else f"person{number}@example.org"
        yield f"sample-{number};{kind};{today + ahead * DAY};{contact};{language}"
