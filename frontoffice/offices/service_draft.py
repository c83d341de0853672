"""What an office file says about a service."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator

from frontoffice.errors import N_
from frontoffice.offices.models import Biometrics
from frontoffice.offices.shapes import Code, Minutes, Mistake, Part, ReminderHours, Sentence, Slug, Words

ALWAYS = "de"  # the language in which every text is there


class ServiceDraft(Part):
    """A service; the fields mean what they mean on Service. What is left out stays as it is, or as in the catalogue.

    A service that the catalogue does not have needs at least what `is_whole` asks for.
    """

    slug: Slug
    names: Words | None = None
    plain: Words | None = None
    documents: dict[Code, tuple[Sentence, ...]] | None = None
    legal_basis: Annotated[str, StringConstraints(max_length=80, strip_whitespace=True)] | None = None
    leika: Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")] | None = None
    minutes: Annotated[int, Field(gt=0, le=480, multiple_of=5)] | None = None
    minutes_next_person: Minutes | None = None
    minutes_together: Minutes | None = None
    most_people: Annotated[int, Field(ge=1, le=20)] | None = None
    reminder_hours: ReminderHours | None = None
    biometrics: Biometrics | None = None
    promise_days: Annotated[int, Field(gt=0, le=366)] | None = None
    online: bool | None = None
    walk_in: bool | None = None
    active: bool | None = None

    @field_validator("names", "plain")
    @classmethod
    def _is_there_in_german(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        if value is not None and ALWAYS not in value:
            raise Mistake(
                N_("needs a text in German: it is shown where there is none in another language"),
                N_("Please enter a text in German: it is shown where there is none in another language."),
            )
        return value

    @property
    def is_whole(self) -> bool:
        """Whether it says enough to be a service that the catalogue does not have."""
        return None not in (self.names, self.plain, self.minutes)

    def whole(self) -> Self:
        """The same with everything that it leaves out, as a new service has it."""
        return self.model_copy(
            update={name: value for name, value in _NEW.items() if getattr(self, name) is None}
        )


_NEW = {
    "documents": {},
    "legal_basis": "",
    "most_people": 1,
    "biometrics": Biometrics.NO,
    "promise_days": 14,
    "online": True,
    "walk_in": False,
    "active": True,
}
