"""The forms of the waiting list. What may stand in a wish, `wish.py` knows; about the person, `booking.person`."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from wtforms import Form, RadioField, SelectField, SelectMultipleField, StringField

from frontoffice.booking.forms import ContactForm, DetailsForm
from frontoffice.booking.person import Person, WrongDetails
from frontoffice.errors import N_, Invalid
from frontoffice.waitlist import wish
from frontoffice.waitlist.wish import Wish

NOON = time(12)
DAY = timedelta(days=1)
NOTICES = (3, 24, 72, 168)  # hours
PARTS = ("", "morning", "afternoon")


class WishForm(DetailsForm):
    """When somebody would like to come. `until` is the last day, as people say it."""

    first_day = StringField(N_("From"))
    until = StringField(N_("Until"))
    weekdays = SelectMultipleField(N_("On which weekdays?"), coerce=int)
    part = RadioField(N_("Time of day"), default="")
    notice = SelectField(N_("How much time do you need before?"), coerce=int, default=24)

    def wish(self) -> Wish:
        """The wish. Raises WrongDetails for what is no date."""
        problems: list[Invalid] = []
        first, last = (day_of(name, self[name].data or "", problems) for name in ("first_day", "until"))
        if problems or first is None or last is None:
            raise WrongDetails(problems)
        part = self.part.data if self.part.data in PARTS else ""
        days = [each for each in self.weekdays.data or [] if each in range(7)]
        return Wish(
            first,
            last + DAY,
            wish.weekday_bits(days),
            not_before=NOON if part == "afternoon" else None,
            before=NOON if part == "morning" else None,
            notice_hours=self.notice.data if self.notice.data in NOTICES else NOTICES[0],
        )

    def offer(self, weekdays: dict[int, str], parts: list[str], notices: list[str]) -> None:
        """What there is to choose from, in the visitor's language."""
        self.weekdays.choices = list(weekdays.items())
        self.part.choices = list(zip(PARTS, parts, strict=True))
        self.notice.choices = list(zip(NOTICES, notices, strict=True))


class JoinForm(WishForm, ContactForm):
    """When, where and who; `proof` is the solved captcha, where scripts run."""

    places = SelectMultipleField(N_("Where?"))
    offices = SelectMultipleField(N_("Would another office be all right, too?"))
    proof = StringField()

    def both(self, today: date) -> tuple[Person, Wish]:
        """The person and the wish. Raises WrongDetails with everything that is wrong."""
        person, wish = all_of(lambda: self.person(today), self.wish)
        return person, wish


def all_of(*reading: Callable[[], Any]) -> Any:
    """What several readers give. Raises one WrongDetails with everything that is wrong in any of them."""
    found, problems = [], []
    for read in reading:
        try:
            found.append(read())
        except WrongDetails as wrong:
            problems += wrong.problems
    if problems:
        raise WrongDetails(problems)
    return tuple(found)


def from_wish(known: Wish) -> dict[str, Any]:
    """The values of a form for a wish."""
    part = "morning" if known.before == NOON else "afternoon" if known.not_before == NOON else ""
    return {
        "first_day": known.first_day.isoformat(),
        "until": (known.until_day - DAY).isoformat(),
        "weekdays": wish.each_weekday(known.weekdays),
        "part": part,
        "notice": min((each for each in NOTICES if each >= known.notice_hours), default=NOTICES[-1]),
    }


def has(form: Form, field: str) -> bool:
    """Whether a problem can stand beside its field in this form."""
    return field in form


def day_of(name: str, typed: str, problems: list[Invalid]) -> date | None:
    """A date as browsers send it, or as people in Germany write it: 2.5.2030."""
    text = typed.strip()
    try:
        if text.count(".") == 2:
            day, month, year = (int(each) for each in text.split("."))
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        problems.append(Invalid(name, N_("Please enter a date, such as 2.5.2030.")))
        return None
