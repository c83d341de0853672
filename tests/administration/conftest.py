"""The office of the agenda's tests, and an administrator who is signed in."""

import pytest

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.staff.models import Role
from tests.agenda.conftest import SignIn, lead, office, sign_in, stopped_clock
from tests.agenda.parts import events_of
from tests.line.browsing import Browser

__all__ = ["lead", "office", "sign_in", "stopped_clock"]

HERE = "/administration/musterstadt"


@pytest.fixture
def administrator(sign_in: SignIn) -> Browser:
    """Somebody who runs the system."""
    return sign_in(Role.ADMINISTRATOR)


def changes(database: Database) -> list[dict[str, object]]:
    """What the events say was changed, all together."""
    found: list[Event] = events_of(database, "office.changed")
    return [each for event in found for each in event.data["changes"]]
