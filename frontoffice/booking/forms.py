"""The forms of the booking pages. What may stand in them, `person.py` and `references.py` know."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from wtforms import Form, FormField, StringField
from wtforms.validators import InputRequired

from frontoffice.birth_date import BirthDate
from frontoffice.booking import person, references
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import NotOffered
from frontoffice.errors import N_, DomainError, Invalid

LONGEST_KEY = 64

Say = Callable[[DomainError], str]


class HoldForm(Form):
    """A time somebody pressed; `key` is the page's own, so that pressing twice is pressing once.

    `proof` is the solved captcha, where scripts run.
    """

    start = StringField()
    key = StringField()
    proof = StringField()

    def moment(self) -> datetime:
        """The chosen time. Raises NotOffered for what is no time with a zone."""
        try:
            moment = datetime.fromisoformat(self.start.data or "")
        except ValueError:
            raise NotOffered from None
        if moment.tzinfo is None:
            raise NotOffered
        return moment

    def idempotency_key(self, what_for: str) -> str | None:
        """The key for this visit (in any words) and time; None where the page's own is missing or odd."""
        key = self.key.data or ""
        if not 16 <= len(key) <= LONGEST_KEY:
            return None
        return f"page:{key}:{what_for}:{self.start.data}"


class BirthForm(Form):
    """Day, month and year."""

    day = StringField()
    month = StringField()
    year = StringField()

    def typed(self) -> tuple[str, str, str]:
        """The three parts as they were typed."""
        return self.day.data or "", self.month.data or "", self.year.data or ""


class DetailsForm(Form):
    """A form whose values are checked elsewhere; what is wrong comes back to its field."""

    def refuse(self, problem: Invalid, say: Say) -> None:
        """Put the sentence of a problem beside the field that it is about."""
        field: Any = self[problem.field]
        if isinstance(field, FormField):
            field.form.form_errors.append(say(problem))
        else:
            field.errors = [*field.errors, say(problem)]


class ReachForm(DetailsForm):
    """How to reach somebody."""

    mail = StringField(N_("Mail address"))
    phone = StringField(N_("Mobile number"))


class CodeForm(DetailsForm):
    """The code from an SMS."""

    code = StringField(N_("Code"), [InputRequired()])


class ContactForm(DetailsForm):
    """Who comes, and how to reach them. `remarks` is a trap for programs: people do not see it."""

    name = StringField(N_("Full name"), [InputRequired()])
    born = FormField(BirthForm, N_("Date of birth"))
    mail = StringField(N_("Mail address"))
    phone = StringField(N_("Mobile number"))
    remarks = StringField(N_("Please leave this field empty"))

    def person(self, today: date) -> Person:
        """The person. Raises person.WrongDetails."""
        return person.read(
            self.name.data or "", self.born.form.typed(), self.mail.data or "", self.phone.data or "", today
        )


class FindForm(DetailsForm):
    """A booking code and a date of birth, to find an appointment again."""

    reference = StringField(N_("Booking code"), [InputRequired()])
    born = FormField(BirthForm, N_("Date of birth"))

    def code_and_birth(self, today: date) -> tuple[str, BirthDate]:
        """Both, tidied. Raises person.WrongDetails."""
        problems: list[Invalid] = []
        code = references.tidy(self.reference.data or "")
        if code is None:
            sentence = N_("This is not a booking code. It has eight letters and numbers, such as K7M2-PXQW.")
            problems.append(Invalid("reference", sentence))
        try:
            born = person.date_of_birth(*self.born.form.typed(), today)
        except Invalid as problem:
            problems.append(problem)
        if code is None or problems:
            raise person.WrongDetails(problems)
        return code, born
