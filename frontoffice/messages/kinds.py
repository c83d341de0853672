"""The kinds of messages there are, and what each needs to be written."""

from dataclasses import dataclass

APPOINTMENT = frozenset(
    {"office_name", "office_address", "service", "starts_at", "time_zone", "reference", "link", "documents"}
)

# What else a message about an appointment may say; the first four are for its calendar file.
DETAILS = frozenset({"ends_at", "sequence", "stamp", "office_mail", "office_phone", "people", "note"})

ON_A_LIST = frozenset({"office_name", "service", "link"})
A_TIME = frozenset({"starts_at", "until_at", "time_zone"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of message is made from. `version` goes up when its text says something else."""

    needs: frozenset[str]
    may_have: frozenset[str] = frozenset()
    version: int = 1


KINDS = {
    "confirm_contact": Kind(APPOINTMENT | {"until_at", "reason"}, DETAILS | {"confirm_link", "code"}),
    "booked": Kind(APPOINTMENT, DETAILS, 2),
    "moved": Kind(APPOINTMENT | {"before_at"}, DETAILS),
    "cancelled": Kind(APPOINTMENT, DETAILS, 2),
    "lapsed": Kind(APPOINTMENT, DETAILS),
    "contact_changed": Kind(APPOINTMENT, DETAILS),
    "reminder": Kind(APPOINTMENT, DETAILS, 2),
    "waitlist_joined": Kind(ON_A_LIST | {"unproven"}),
    "waitlist_offer": Kind(ON_A_LIST | A_TIME),
    "waitlist_ended": Kind(ON_A_LIST | {"reason"}),
    "draw_entered": Kind(ON_A_LIST | {"reference", "until_at", "time_zone"}),
    "draw_result": Kind(ON_A_LIST | {"reference", "outcome", "draw_link"}, A_TIME),
    "invitation": Kind(ON_A_LIST | {"office_address", "until_at", "time_zone"}),
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
