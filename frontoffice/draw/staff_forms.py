"""The form in which staff announce a draw."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import RadioField, SelectField, SelectMultipleField, StringField

from frontoffice.booking.forms import DetailsForm
from frontoffice.draw.forms import checked
from frontoffice.draw.making import Plan
from frontoffice.draw.models import Weights
from frontoffice.errors import N_, Invalid
from frontoffice.offices.models import Office
from frontoffice.waitlist.forms import day_of

DAY = timedelta(days=1)
CONFIRM_HOURS = (24, 48, 72, 120)


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

        first, last, opens, closes = checked(read)
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


def _moment(name: str, typed: str, zone: ZoneInfo, problems: list[Invalid]) -> datetime | None:
    """A moment as browsers send it: 2030-05-02T08:00."""
    try:
        local = datetime.fromisoformat(typed.strip())
        return datetime.combine(local.date(), time(local.hour, local.minute), zone)
    except ValueError:
        problems.append(Invalid(name, N_("Please enter day and time, such as 2030-05-02T08:00.")))
        return None
