"""What one draft of an office says otherwise than another: for the audit trail, and before something is saved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from frontoffice.offices.draft import OfficeDraft

# Parts that are lists, and what tells their entries apart.
NAMED = {"services": "slug", "schedules": "slug", "counters": "name"}
LONGEST = 60  # a value that is longer is a text, of which only the name is told


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is different. `name` is the service, schedule or counter that it is about, or empty.

    `field` is empty where that is new (`after` is then "new") or gone. Values are short plain ones, else None.
    """

    part: str
    name: str
    field: str
    before: Any = None
    after: Any = None

    def as_data(self) -> dict[str, Any]:
        """For an event: without what is empty."""
        said = {"part": self.part, "name": self.name, "field": self.field}
        values = {"before": self.before, "after": self.after}
        return {key: value for key, value in said.items() if value} | (values if self._has_values else {})

    @property
    def _has_values(self) -> bool:
        return self.before is not None or self.after is not None


def differences(before: OfficeDraft, after: OfficeDraft) -> list[Difference]:
    """What is different, in the order of the file."""
    old, new = (each.model_dump(mode="json", exclude={"complete"}) for each in (before, after))
    found: list[Difference] = []
    for part, value in new.items():
        if part in NAMED:
            found += _of_entries(part, NAMED[part], old[part], value)
        elif value != old[part]:
            found.append(Difference("office", "", part, _plain(old[part]), _plain(value)))
    return found


def _of_entries(
    part: str, key: str, old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]
) -> Iterable[Difference]:
    known, wanted = ({each[key]: each for each in entries} for entries in (old, new))
    for name, entry in wanted.items():
        if name not in known:
            yield Difference(part, name, "", None, "new")
            continue
        for field, value in entry.items():
            if value != known[name][field]:
                yield Difference(part, name, field, _plain(known[name][field]), _plain(value))
    for name in known.keys() - wanted.keys():
        yield Difference(part, name, "", "there", None)
    both = [name for name in wanted if name in known]
    if both != [name for name in known if name in wanted]:
        yield Difference(part, "", "order")


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= LONGEST):
        return value
    if (
        isinstance(value, list)
        and len(str(value)) <= LONGEST
        and not any(isinstance(each, dict) for each in value)
    ):
        return value
    return None
