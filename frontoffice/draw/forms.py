"""The forms of the draw: a request, and for staff a new draw."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import RadioField, SelectField, SelectMultipleField, StringField

from frontoffice.booking.forms import ContactForm, DetailsForm
from frontoffice.booking.person import Person, WrongDetails
from frontoffice.draw.making import Plan
from frontoffice.draw.models import Weights
from frontoffice.errors import N_, Invalid
from frontoffice.offices.models import Office
from frontoffice.waitlist.forms import WishForm, all_of, day_of
from frontoffice.waitlist.wish import Wish

DAY = timedelta(days=1)
CONFIRM_HOURS = (24, 48, 72, 120)


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
        return _checked(lambda problems: day_of("expires_on", typed, problems)) if typed.strip() else None


class DrawForm(DetailsForm):
    """A new draw. Days are whole, `until_day` is the last one, as people say it; moments are by the office's clock."""

    title = StringField(N_("Name in German"))
    title_en = StringField(N_("Name in English"))
    schedules = SelectMultipleField(N_("Schedules"), coerce=int)
    services = SelectMultipleField(N_("Concerns"), coerce=int)
    first_day = StringField(N_("First day"))
    until_day = StringField(N_("Last day"))
    opens = StringField(N_("Requests from"))
    closes = StringField(N_("Requests until"))
    weights = RadioField(N_("Chances"), default=Weights.EQUAL.value)
    confirm_hours = SelectField(N_("Time to confirm"), coerce=int, default=48)

    def plan(self, office: Office) -> Plan:
        """What was entered. Raises WrongDetails for what is no date or time."""
        zone = ZoneInfo(office.time_zone)

        def read(problems: list[Invalid]) -> tuple[Any, ...]:
            return (
                day_of("first_day", self.first_day.data or "", problems),
                day_of("until_day", self.until_day.data or "", problems),
                _moment("opens", self.opens.data or "", zone, problems),
                _moment("closes", self.closes.data or "", zone, problems),
            )

        first, last, opens, closes = _checked(read)
        title = {"de": (self.title.data or "").strip()[:120], "en": (self.title_en.data or "").strip()[:120]}
        weights = self.weights.data if self.weights.data in set(Weights) else Weights.EQUAL
        hours = self.confirm_hours.data if self.confirm_hours.data in CONFIRM_HOURS else 48
        return Plan(
            title={language: text for language, text in title.items() if text},
            schedules=self.schedules.data or [],
            services=self.services.data or [],
            first_day=first,
            until_day=last + DAY,
            opens_at=opens,
            closes_at=closes,
            weights=Weights(weights),
            confirm_hours=hours,
        )


def _checked(read: Callable[[list[Invalid]], Any]) -> Any:
    problems: list[Invalid] = []
    found = read(problems)
    if problems:
        raise WrongDetails(problems)
    return found


def _moment(name: str, typed: str, zone: ZoneInfo, problems: list[Invalid]) -> datetime | None:
    """A moment as browsers send it: 2030-05-02T08:00."""
    try:
        local = datetime.fromisoformat(typed.strip())
        return datetime.combine(local.date(), time(local.hour, local.minute), zone)
    except ValueError:
        problems.append(Invalid(name, N_("Please enter day and time, such as 2030-05-02T08:00.")))
        return None
