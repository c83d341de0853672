"""The forms of the agenda. What may stand in a person's details, `booking.person` knows."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from wtforms import FormField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from frontoffice.booking import person
from frontoffice.booking.forms import BirthForm, DetailsForm
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.person import Person, WrongDetails
from frontoffice.errors import N_, Invalid
from frontoffice.printable import is_line

LONGEST_NOTE = 300

Choices = Sequence[tuple[str, str]]
Kind = TypeVar("Kind")


class PersonForm(DetailsForm):
    """Who comes. At the desk and on the phone a contact is welcome, but not everybody has one."""

    name = StringField(N_("Full name"), [InputRequired()])
    born = FormField(BirthForm, N_("Date of birth"))
    mail = StringField(N_("Mail address"))
    phone = StringField(N_("Mobile number"))
    language = SelectField(N_("Language of messages"), validate_choice=False)

    def person(self, today: date) -> Person:
        """The person. Raises WrongDetails."""
        name, born = self.name.data or "", self.born.form.typed()
        mail, phone = self.mail.data or "", self.phone.data or ""
        if mail.strip() or phone.strip():
            return person.read(name, born, mail, phone, today)
        problems: list[Invalid] = []
        full = _checked(problems, lambda: person.full_name(name))
        birth = _checked(problems, lambda: person.date_of_birth(*born, today))
        if full is None or birth is None:
            raise WrongDetails(problems)
        return Person(full, birth, None, None)


class NoteForm(DetailsForm):
    """A sentence of the office that goes into the mail; an SMS, which others may see, says only time, code and link."""

    note = TextAreaField(N_("Sentence in the mail"))

    def text(self) -> str:
        """The sentence. Raises Invalid (field "note") where it is too long, or holds what no message can."""
        note = " ".join((self.note.data or "").split())
        if len(note) > LONGEST_NOTE or not is_line(note):
            raise Invalid("note", N_("Please use at most %(most)s characters."), most=LONGEST_NOTE)
        return note


class ClosingForm(DetailsForm):
    """A day or a part of it, for one team or all of them."""

    day = StringField(N_("Day"), [InputRequired()])
    schedule = SelectField(N_("Who"), validate_choice=False)
    opens = StringField(N_("Closed from"))
    closes = StringField(N_("until"))
    reason = StringField(N_("Reason"), [InputRequired()])
    seen = StringField()  # the wish that the page spoke of

    @property
    def schedule_id(self) -> int | None:
        """The chosen team; None for all."""
        return number(self.schedule.data)


class BlockForm(DetailsForm):
    """Who may not book online, why, and until when."""

    kind = SelectField(N_("What is blocked"), validate_choice=False)
    value = StringField(N_("Value"), [InputRequired()])
    reason = StringField(N_("Reason"), [InputRequired()])
    until = StringField(N_("Until"))

    def chosen(self) -> BlockedKind:
        """What kind of value it is. Raises Invalid (field "kind")."""
        found = next((each for each in BlockedKind if each == self.kind.data), None)
        if found is None:
            raise Invalid("kind", N_("Please choose what is to be blocked."))
        return found

    def last_day(self) -> date | None:
        """The last day on which it holds; None for good. Raises Invalid (field "until")."""
        typed = (self.until.data or "").strip()
        try:
            day = date.fromisoformat(typed) if typed else None
        except ValueError:
            day = date.max
        if day == date.max:  # the block would end on the day after
            raise Invalid("until", N_("Please enter the day as a date."))
        return day


def offer(field: SelectField, choices: Choices, chosen: str | None = None) -> None:
    """Fill in what can be chosen."""
    field.choices = list(choices)
    if chosen is not None and not field.data:
        field.data = chosen


def number(typed: str | None) -> int | None:
    """A row's id as forms carry it; None for anything else."""
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _checked(problems: list[Invalid], check: Callable[[], Kind]) -> Kind | None:
    try:
        return check()
    except Invalid as problem:
        problems.append(problem)
        return None
