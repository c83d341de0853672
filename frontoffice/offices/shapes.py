"""The small shapes that the parts of an office file are made of, and how a mistake in one is said."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from frontoffice.errors import N_
from frontoffice.languages import CODE

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(pattern=CODE)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
Words = dict[Code, Sentence]
Weekday = Annotated[int, Field(ge=0, le=6)]
Seats = Annotated[int, Field(ge=0, le=200)]
Days = Annotated[int, Field(ge=0, le=366)]
Minutes = Annotated[int, Field(ge=0, le=480, multiple_of=5)]
ReminderHours = tuple[Annotated[int, Field(ge=1, le=24 * 30)], ...]

MIDNIGHT = time()

# Control characters, line ends of Unicode, halves of characters. Not what joins letters in Farsi.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Mistake(ValueError):
    """Something that cannot be so: an English sentence with named placeholders, as a DomainError has it.

    It stands behind the name of the place in a file. `on_page` is what a page says instead, where no such name stands.
    """

    def __init__(self, sentence: str, on_page: str | None = None, **params: Any) -> None:
        self.sentence, self.on_page, self.params = sentence, on_page or sentence, params
        super().__init__(sentence % params if params else sentence)


class Part(BaseModel):
    """A part of the file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _can_be_written_down(cls, value: Any) -> Any:
        if any(_UNWRITABLE.search(text) for text in _strings(value)):
            raise Mistake(
                N_("has characters that cannot be used in a text, such as a line break"),
                N_("This has characters that cannot be used in a text, such as a line break."),
            )
        return value


def once(names: Iterable[str]) -> tuple[str, ...]:
    """The names. Raises Mistake where one comes twice."""
    kept = tuple(names)
    twice = [name for name, times in Counter(kept).items() if times > 1]
    if twice:
        raise Mistake(N_("“%(name)s” stands there twice"), N_("“%(name)s” stands here twice."), name=twice[0])
    return kept


def before(moment: time, end: time) -> bool:
    """Whether a time comes before an end, which may be the end of the day."""
    return end == MIDNIGHT or moment < end


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _strings(each)
