"""What is wrong with typed settings, as sentences beside their fields."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from frontoffice.errors import N_, Invalid
from frontoffice.offices.shapes import Mistake

_EMPTY = N_("Please fill this in.")
_NUMBER = N_("Please enter a whole number.")
_TIME = N_("Please enter a time such as 08:30.")
_DAY = N_("Please enter the day as a date.")
_CHOICE = N_("Please choose one of the options.")
SENTENCES = {
    "missing": _EMPTY,
    "string_too_short": _EMPTY,
    "too_short": _EMPTY,
    "int_parsing": _NUMBER,
    "int_type": _NUMBER,
    "int_parsing_size": _NUMBER,
    "int_from_float": _NUMBER,
    "string_too_long": N_("Please use at most %(max_length)s characters."),
    "greater_than": N_("Please enter more than %(gt)s."),
    "greater_than_equal": N_("Please enter %(ge)s or more."),
    "less_than_equal": N_("Please enter %(le)s or less."),
    "multiple_of": N_("Please enter a multiple of %(multiple_of)s."),
    "enum": _CHOICE,
    "time_parsing": _TIME,
    "time_type": _TIME,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_type": _DAY,
}
_OTHERWISE = N_("This cannot be used here. Please check what you entered.")


class Refused(Exception):
    """What was typed cannot be saved: one problem for each field."""

    def __init__(self, problems: list[Invalid]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


def read(error: ValidationError, prefix: str = "") -> list[Invalid]:
    """The problems of a shape; their fields are named by the way to the value: `prefix`, then `names-de`."""
    return list(_each(error, prefix))


def _each(error: ValidationError, prefix: str) -> Iterator[Invalid]:
    for each in error.errors():
        field = "-".join([*([prefix] if prefix else []), *(str(part) for part in each["loc"])])
        context: dict[str, Any] = each.get("ctx", {})
        cause = context.get("error")
        if isinstance(cause, Mistake):
            yield Invalid(field, cause.on_page, **cause.params)
        else:
            sentence = SENTENCES.get(each["type"], _OTHERWISE)
            needed = {name: value for name, value in context.items() if f"%({name})s" in sentence}
            yield Invalid(field, sentence, **needed)
