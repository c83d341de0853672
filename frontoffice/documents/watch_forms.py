"""The forms about watches: which document, until when, and where to write."""

from datetime import date

from wtforms import FormField, RadioField, SelectField, StringField

from frontoffice import birth_date
from frontoffice.booking.forms import BirthForm, DetailsForm
from frontoffice.documents.document_kinds import ABOUT, DocumentKind
from frontoffice.errors import N_, Invalid


class DateForm(DetailsForm):
    """What ends, and when: the day as it stands on the document."""

    kind = RadioField(N_("Which document?"), default=DocumentKind.RESIDENCE_PERMIT.value)
    expires = FormField(BirthForm, N_("Valid until"))

    def offer(self, names: dict[str, str]) -> None:
        """The kinds there are to choose from, in the reader's language."""
        self.kind.choices = list(names.items())

    def fill(self, kind: str, expires_on: date | None = None) -> None:
        """Show what is known."""
        self.kind.data = kind
        if expires_on is not None:
            for part, value in (
                ("day", expires_on.day),
                ("month", expires_on.month),
                ("year", expires_on.year),
            ):
                self.expires.form[part].data = str(value)

    def read(self) -> tuple[DocumentKind, date]:
        """Kind and day. Raises Invalid (kind, expires)."""
        if self.kind.data not in {kind.value for kind in ABOUT}:
            raise Invalid("kind", N_("Please choose a document."))
        day, month, year = (each.strip() for each in self.expires.form.typed())
        try:
            expires_on = date(
                int(year) + (2000 if len(year) == 2 else 0), birth_date.month_of(month) or 0, int(day)
            )
        except (ValueError, OverflowError):
            raise Invalid(
                "expires", N_("Please enter the day, the month and the year as they stand on the document.")
            ) from None
        return DocumentKind(self.kind.data), expires_on


class AskForm(DateForm):
    """What somebody wants to be reminded of, and where. `proof` is the solved captcha, where scripts run."""

    contact = StringField(N_("Mail address or mobile number"))
    proof = StringField()
    code = StringField(N_("Code"))


class KnownForm(DateForm):
    """The same for somebody whose contacts we know from an appointment."""

    to = RadioField(N_("Where should we write?"))
    code = StringField(N_("Code"))


class ChangeForm(DateForm):
    """Another date, kind or language."""

    language = SelectField(N_("Language of the reminders"))
