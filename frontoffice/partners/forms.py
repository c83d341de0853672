"""The forms of the partners' pages. What may stand in them, the verbs know."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    Form,
    FormField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired

from frontoffice.booking.forms import BirthForm
from frontoffice.booking.models import Share
from frontoffice.errors import N_, DomainError, Invalid
from frontoffice.partners.fitting import Window
from frontoffice.partners.models import Partner, PartnerKind, Period, Scope
from frontoffice.partners.registering import Terms

Say = Callable[[DomainError], str]
END_OF_DAY = time(0)


class CheckedForm(Form):
    """A form whose values are checked elsewhere; what is wrong comes back to its field."""

    def refuse(self, problem: Invalid, say: Say) -> None:
        """Put the sentence of a problem beside the field that it is about, or above the form."""
        if problem.field not in self:
            self.form_errors.append(say(problem))
            return
        field: Any = self[problem.field]
        if isinstance(field, FormField):
            field.form.form_errors.append(say(problem))
        else:
            field.errors = [*field.errors, say(problem)]


class TermsForm(CheckedForm):
    """What a partner may do, and how much."""

    scopes = SelectMultipleField(N_("What this partner may do"), [InputRequired()])
    quota = StringField(N_("Appointments in each period"))
    period = SelectField(N_("The period"), [InputRequired()])
    most_open = StringField(N_("Appointments still to come at the same time"))

    def terms(self) -> Terms:
        """What was chosen. Raises Invalid for a quota that is no number."""
        return Terms(
            scopes=tuple(scope for scope in Scope if scope in (self.scopes.data or ())),
            quota=_number("quota", self.quota.data),
            period=next((each for each in Period if each == self.period.data), Period.WEEK),
            most_open=_number("most_open", self.most_open.data),
        )

    def fill_in(self, partner: Partner) -> None:
        """Show what is agreed now."""
        self.scopes.data = [*partner.scopes]
        self.quota.data, self.most_open.data = _text(partner.quota), _text(partner.most_open)
        self.period.data = partner.period


class GrantForm(CheckedForm):
    """Where a partner may book: numbers of services and schedules of one office, and shares."""

    services = SelectMultipleField(N_("Concerns"))
    schedules = SelectMultipleField(N_("Schedules"))
    shares = SelectMultipleField(N_("Only from these seats"))

    def chosen_shares(self) -> list[Share]:
        """The shares that were chosen."""
        return [share for share in Share if share in (self.shares.data or ())]


class PartnerForm(TermsForm, GrantForm):
    """A new partner, with the first of the offices at which it may book."""

    name = StringField(N_("Name"), [InputRequired()])
    kind = SelectField(N_("Kind"), [InputRequired()])

    def chosen_kind(self) -> PartnerKind:
        """What kind of partner it is."""
        return next((each for each in PartnerKind if each == self.kind.data), PartnerKind.EMPLOYER)


class TokenForm(CheckedForm):
    """A new token."""

    label = StringField(N_("Where the token is used"))


class PlanForm(CheckedForm):
    """A list of people, and when they could come."""

    concern = SelectField(N_("Concern of lines without one"), [InputRequired()])
    rows = TextAreaField(N_("One person a line"))
    first = DateField(N_("From this day"), [InputRequired()])
    last = DateField(N_("To this day"), [InputRequired()])
    opens = TimeField(N_("Not before"))
    closes = TimeField(N_("Not after"))
    weekdays = SelectMultipleField(N_("Days of the week"))
    together = BooleanField(N_("All on one day, if possible"))

    def window(self) -> Window:
        """The window. Raises Invalid for what is no date or no time."""
        first, last = self._date("first"), self._date("last")
        chosen = frozenset(int(each) for each in self.weekdays.data or () if each in set("0123456"))
        return Window(
            first,
            date.fromordinal(min(last.toordinal() + 1, date.max.toordinal())),
            self._time("opens"),
            self._time("closes"),
            chosen or frozenset(range(7)),
            bool(self.together.data),
        )

    def _date(self, name: str) -> date:
        value: Any = self[name].data
        if not isinstance(value, date):
            raise Invalid(name, N_("Please enter a date."))
        return value

    def _time(self, name: str) -> time:
        field: Any = self[name]
        if not any(field.raw_data or ()):
            return END_OF_DAY
        if not isinstance(field.data, time):
            raise Invalid(name, N_("Please enter a time such as 08:30."))
        return field.data


class InvitedForm(CheckedForm):
    """Who comes, as far as it is not known yet."""

    name = StringField(N_("Full name"), [InputRequired()])
    born = FormField(BirthForm, N_("Date of birth"))
    mail = StringField(N_("Mail address"))
    phone = StringField(N_("Mobile number"))


def _number(field: str, typed: str | None) -> int | None:
    digits = (typed or "").strip()
    if not digits:
        return None
    if not digits.isdecimal() or len(digits) > 9:
        raise Invalid(field, N_("Please enter a number, or nothing."))
    return int(digits)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
