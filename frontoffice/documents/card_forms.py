"""The forms of the cards' pages. What may stand in them, `serial.py` knows."""

from datetime import date
from typing import NamedTuple

from wtforms import FormField, StringField

from frontoffice.booking.forms import BirthForm, DetailsForm
from frontoffice.booking.person import WrongDetails
from frontoffice.documents import serial
from frontoffice.errors import N_, Invalid


class Wanted(NamedTuple):
    """A number and a date of birth, in the form that is compared; `order` and `doubt` as `serial.Meant` has them."""

    number: str
    born: str
    order: str | None = None
    doubt: Invalid | None = None


def wanted(number: str, lines: str, born: tuple[str, str, str], today: date) -> Wanted:
    """What somebody looks for: machine-readable lines say it all, in either field. Raises WrongDetails."""
    has_lines = bool(lines.strip())
    if has_lines or serial.are_lines(number):
        try:
            read = serial.lines(*((lines, today, "lines") if has_lines else (number, today, "number")))
        except Invalid as problem:
            raise WrongDetails([problem]) from None
        return Wanted(read.serial, read.born)
    problems: list[Invalid] = []
    found, birth = serial.Meant(""), ""
    try:
        found = serial.meant(number)
    except Invalid as problem:
        problems.append(problem)
    try:
        birth = serial.birth(*born, today)
    except Invalid as problem:
        problems.append(problem)
    if problems:
        raise WrongDetails(problems)
    return Wanted(found.number, birth, found.order, found.doubt)


def of_leaflet(number: str, born: tuple[str, str, str], today: date) -> Wanted:
    """The same where the number is known from a leaflet's link. Raises WrongDetails."""
    try:
        return Wanted(number, serial.birth(*born, today))
    except Invalid as problem:
        raise WrongDetails([problem]) from None


class CardForm(DetailsForm):
    """A number and a date of birth, or the machine-readable lines; `proof` is the solved captcha, where one is asked
    for and scripts run."""

    number = StringField(N_("Serial number or order number"))
    born = FormField(BirthForm, N_("Date of birth"))
    lines = StringField(N_("Machine-readable lines"))
    proof = StringField()

    def wanted(self, today: date, number: str | None = None) -> Wanted:
        """What is looked for; `number` is known from a leaflet's link. Raises WrongDetails."""
        born = self.born.form.typed()
        if number is None:
            return wanted(self.number.data or "", self.lines.data or "", born, today)
        return of_leaflet(number, born, today)


class TellForm(DetailsForm):
    """Where somebody wants to be told; `proof` is the solved captcha, where scripts run."""

    contact = StringField(N_("Mail address or mobile number"))
    code = StringField(N_("Code"))
    proof = StringField()
