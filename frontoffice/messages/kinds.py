"""The kinds of messages there are, and what each needs to be written."""

from dataclasses import dataclass

APPOINTMENT = frozenset(
    {"office_name", "office_address", "service", "starts_at", "time_zone", "reference", "link", "documents"}
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of message is made from. `version` goes up when its text says something else."""

    needs: frozenset[str]
    may_have: frozenset[str] = frozenset()
    version: int = 1


KINDS = {
    "booked": Kind(APPOINTMENT, frozenset({"calendar"})),
    "reminder": Kind(APPOINTMENT, frozenset({"calendar"})),
    "cancelled": Kind(APPOINTMENT, frozenset({"calendar"})),
}


def check(kind: str, parameters: dict[str, str]) -> Kind:
    """The kind of that name. Raises ValueError where there is none, or the parameters are not its own."""
    if kind not in KINDS:
        raise ValueError(f"there is no kind of message called {kind!r}")
    found = KINDS[kind]
    missing, unknown = found.needs - parameters.keys(), parameters.keys() - found.needs - found.may_have
    if missing or unknown:
        raise ValueError(f"{kind}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    return found
