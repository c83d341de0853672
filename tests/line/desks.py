"""Two desks that tests act at."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from frontoffice.db import Database
from frontoffice.line import calling, staffing
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.line.parts import RULES, account, ticket


class Desks:
    """Miriam sits at counter 1, Jonas at counter 2; the clock stands until it is moved."""

    def __init__(self, database: Database, office: Office, now: datetime) -> None:
        self.database, self.office, self.now = database, office, now
        self.ids = [counter.id for counter in office.counters]
        with database.write() as session:
            self.staff = [account(session, "miriam"), account(session, "jonas", Role.CASEWORKER)]
        for counter in (1, 2):
            self.do(staffing.open_counter, counter)

    def do(self, verb: Callable[..., Any], counter: int, *more: Any, **named: Any) -> Any:
        """A verb at a counter, by whoever sits there."""
        with self.database.write() as session:
            return verb(session, self.ids[counter - 1], self.staff[counter - 1], self.now, *more, **named)

    def wait(self, number: int, **more: Any) -> int:
        """A ticket that waits; gives its id."""
        with self.database.write() as session:
            return ticket(session, session.get_one(Office, self.office.id), number, self.now, **more).id

    def next(self, counter: int) -> str | None:
        """Call the next one; gives the number."""
        visit = self.do(calling.call_next, counter, RULES)
        return visit.ticket if visit else None

    def see(self, ticket_id: int) -> Ticket:
        """The ticket as it is now."""
        with self.database.read() as session:
            return session.get_one(Ticket, ticket_id)
