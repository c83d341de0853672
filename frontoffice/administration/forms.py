"""What the forms of settings share. What may stand in them, the draft of an office knows."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import StringField

from frontoffice.administration.mistakes import Refused
from frontoffice.errors import Invalid
from frontoffice.partners.forms import CheckedForm, Say

USUAL, NONE, OWN = "usual", "none", "own"


class SettingsForm(CheckedForm):
    """Settings as they were typed. `seen` tells which ones the page showed, `agreed` which effect it told."""

    seen = StringField()
    agreed = StringField()

    def refuse_all(self, refused: Refused, say: Say) -> None:
        """Put each sentence beside its field, or above the form."""
        for problem in refused.problems:
            self.refuse(Invalid(self._field_of(problem.field), problem.sentence, **problem.params), say)

    def _field_of(self, way: str) -> str:
        """The field that a way such as documents-de-2 leads to."""
        parts = way.split("-")
        names = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((name for name in names if name in self), way)

    def typed(self, names: Iterable[str]) -> dict[str, Any]:
        """The values of fields; what is empty is None."""
        return {name: _tidy(self[name].data) for name in names}

    def texts(self, field: str) -> dict[str, str]:
        """What was typed in the languages of a text; lines run on."""
        return {code: " ".join(text.split()) for code, text in self._by_language(field) if text.strip()}

    def lists(self, field: str) -> dict[str, tuple[str, ...]]:
        """What was typed in the languages of a list, one entry a line."""
        found = {
            code: tuple(" ".join(line.split()) for line in text.splitlines() if line.strip())
            for code, text in self._by_language(field)
        }
        return {code: lines for code, lines in found.items() if lines}

    def hours(self) -> tuple[str, ...] | None:
        """The hours of reminders: None as usual, empty for none."""
        return self.steps("reminders", "reminder_hours")

    def steps(self, choice: str, numbers: str) -> tuple[str, ...] | None:
        """The steps of a ladder from two fields: None as usual, empty for none."""
        chosen: str = self[choice].data or USUAL
        if chosen != OWN:
            return () if chosen == NONE else None
        return tuple(re.split(r"[\s,;]+", (self[numbers].data or "").strip(" ,;")))

    def _by_language(self, field: str) -> Iterable[tuple[str, str]]:
        for name in self:
            before, _, code = name.name.partition("-")
            if before == field and code:
                yield code, name.data or ""


def in_languages(kind: Any, field: str, codes: Iterable[str]) -> dict[str, Any]:
    """A field of that kind for each language."""
    return {f"{field}-{code}": kind() for code in codes}


def filled(field: str, texts: Mapping[str, Any]) -> dict[str, str]:
    """Texts, or lists of lines, as the fields of their languages show them."""
    return {
        f"{field}-{code}": text if isinstance(text, str) else "\n".join(text) for code, text in texts.items()
    }


def reminders(hours: Iterable[int] | None) -> dict[str, str]:
    """Hours of reminders as their two fields show them."""
    return stepped("reminders", "reminder_hours", hours)


def stepped(choice: str, numbers: str, steps: Iterable[int] | None) -> dict[str, str]:
    """The steps of a ladder as two fields show them."""
    if steps is None:
        return {choice: USUAL}
    listed = ", ".join(str(each) for each in steps)
    return {choice: OWN if listed else NONE, numbers: listed}


def _tidy(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return value
