"""Members of staff who are signed in, on a Tuesday morning."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
import time_machine
from flask import Flask

from frontoffice import clock
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from frontoffice.web.access import COOKIE_KEY
from tests.line.browsing import Browser
from tests.line.parts import account, token

NUMBERS = count()
SignIn = Callable[..., Browser]


@pytest.fixture
def tuesday(now: datetime) -> Iterator[datetime]:
    """The day after the small day, at eight."""
    moment = now + timedelta(days=1)
    with time_machine.travel(moment, tick=False):
        yield moment


@pytest.fixture
def sign_in(app: Flask, database: Database, office: Office) -> SignIn:
    """Sign somebody with a role in, at the sample office unless told otherwise."""

    def signed_in(role: Role, at: Office | None = office) -> Browser:
        browser = Browser(app)
        with browser.client.session_transaction() as kept:
            kept[COOKIE_KEY] = staff_token(database, role, at)
        return browser

    return signed_in


def staff_token(database: Database, role: Role, at: Office | None) -> str:
    """A token of a new account with that role."""
    with database.write() as session:
        who = account(session, f"{role.value}{next(NUMBERS)}", role, at)
        return token(session, who, clock.now())
