"""The form for a number given at the desk."""

from collections.abc import Sequence

from wtforms import Form, SelectField, StringField

from frontoffice.errors import N_


class TicketForm(Form):
    """With a booking code: a check-in. Else a number for a service, or for a concern that is to be clarified."""

    code = StringField(N_("Booking code"))
    service = SelectField(N_("Concern"), validate_choice=False)
    language = SelectField(N_("Language"), validate_choice=False)

    def offer(
        self, services: Sequence[tuple[int, str]], languages: Sequence[tuple[str, str]], unknown: str
    ) -> None:
        """Fill in what can be chosen: services by id, languages by code, and the words for an unknown concern."""
        self.service.choices = [("", unknown), *((str(key), name) for key, name in services)]
        self.language.choices = list(languages)

    @property
    def service_id(self) -> int | None:
        """The chosen service; a value that is none is like none chosen."""
        chosen = self.service.data or ""
        return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else None
