"""The forms of the staff pages of the cards."""

from datetime import date
from typing import Any

from wtforms import BooleanField, FormField, SelectField, StringField

from frontoffice.booking.forms import BirthForm, DetailsForm
from frontoffice.booking.person import WrongDetails
from frontoffice.documents import document_kinds, serial
from frontoffice.documents.card_keys import Original
from frontoffice.errors import N_, Invalid

WATCHED = tuple(kind for kind, about in document_kinds.ABOUT.items() if not about.is_passport)


class NewCardForm(DetailsForm):
    """A card that nobody has announced: its numbers, and its holder's date of birth."""

    order = StringField(N_("Order number"))
    serial = StringField(N_("Serial number"))
    born = FormField(BirthForm, N_("Date of birth"))

    def original(self, today: date) -> Original:
        """What is known of the card. Raises WrongDetails."""
        problems: list[Invalid] = []
        known: dict[str, Any] = {"born": ""}
        for name, check in (("order", serial.order_number), ("serial", serial.serial_number)):
            typed = self[name].data or ""
            if typed.strip():
                try:
                    known[name] = check(typed, name)
                except Invalid as problem:
                    problems.append(problem)
        if not (self.order.data or self.serial.data or "").strip():
            problems.append(Invalid("order", N_("Please enter the order number or the serial number.")))
        try:
            known["born"] = serial.birth(*self.born.form.typed(), today)
        except Invalid as problem:
            problems.append(problem)
        if problems:
            raise WrongDetails(problems)
        return Original(**known)


class MoveForm(DetailsForm):
    """Where a card goes, and why."""

    state = SelectField(N_("New state"))
    reason = SelectField(N_("Reason"))
    box_code = StringField(N_("Code of the pick-up box"))
    until = StringField(N_("In the pick-up box until"))

    def last_day(self) -> date | None:
        """Until when it stays in the box. Raises Invalid."""
        typed = (self.until.data or "").strip()
        if not typed:
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            raise Invalid(
                "until", N_("This date does not exist. Please check day, month and year.")
            ) from None


class LeafletForm(DetailsForm):
    """In which language the holder gets the leaflet."""

    language = SelectField(N_("Language of the leaflet"))


class HandOverForm(DetailsForm):
    """Handing over, and whether the new end of validity is to be watched."""

    proxy = BooleanField(N_("Somebody else collects it; I have seen the written authorisation"))
    watch = BooleanField()  # which of the two buttons it was
    expires = StringField(N_("Valid until"))
    kind = SelectField(N_("Kind of permit"))
    contact = StringField(N_("Mail address or mobile number"))

    def end(self) -> date:
        """Until when the new card is valid. Raises Invalid."""
        try:
            return date.fromisoformat((self.expires.data or "").strip())
        except ValueError:
            raise Invalid("expires", N_("Please enter until when the new card is valid.")) from None
