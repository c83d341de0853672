"""The form of a request for a draw."""

from collections.abc import Callable
from datetime import date
from typing import Any

from wtforms import SelectField, StringField

from frontoffice.booking.forms import ContactForm
from frontoffice.booking.person import Person, WrongDetails
from frontoffice.errors import N_, Invalid
from frontoffice.waitlist.forms import WishForm, all_of, day_of
from frontoffice.waitlist.wish import Wish


class RequestForm(WishForm, ContactForm):
    """For what, when and who. `expires_on` is asked only where nearer expiry comes first."""

    service = SelectField(N_("Concern"))
    people = StringField(N_("For how many people?"), default="1")
    expires_on = StringField(N_("Until when is your residence title valid?"))
    proof = StringField()

    def all(self, today: date) -> tuple[Person, Wish, date | None]:
        """Person, wish and expiry. Raises WrongDetails with everything that is wrong."""
        person, wish, expires_on = all_of(lambda: self.person(today), self.wish, self._expires_on)
        return person, wish, expires_on

    def wanted(self) -> tuple[str, int]:
        """The service, and for how many people."""
        typed = (self.people.data or "1").strip()
        return self.service.data or "", int(typed) if typed.isdecimal() and len(typed) < 3 else 1

    def _expires_on(self) -> date | None:
        typed = self.expires_on.data or ""
        return checked(lambda problems: day_of("expires_on", typed, problems)) if typed.strip() else None


def checked(read: Callable[[list[Invalid]], Any]) -> Any:
    """What was read, unless something was wrong with it. Raises WrongDetails."""
    problems: list[Invalid] = []
    found = read(problems)
    if problems:
        raise WrongDetails(problems)
    return found
