"""The kinds of messages there are, and what each needs to be written."""

from dataclasses import dataclass

from frontoffice.errors import N_

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
    "booked": Kind(APPOINTMENT, DETAILS, 3),
    "moved": Kind(APPOINTMENT | {"before_at"}, DETAILS),
    "cancelled": Kind(APPOINTMENT, DETAILS, 2),
    "lapsed": Kind(APPOINTMENT, DETAILS),
    "contact_changed": Kind(frozenset({"office_name", "starts_at", "time_zone"}), APPOINTMENT | DETAILS, 2),
    "reminder": Kind(APPOINTMENT, DETAILS, 2),
    "waitlist_joined": Kind(ON_A_LIST | {"unproven"}),
    "waitlist_offer": Kind(ON_A_LIST | A_TIME),
    "waitlist_ended": Kind(ON_A_LIST | {"reason"}),
    "draw_entered": Kind(ON_A_LIST | {"reference", "until_at", "time_zone"}, frozenset({"unproven"}), 2),
    "draw_result": Kind(ON_A_LIST | {"reference", "outcome", "draw_link"}, A_TIME),
    "invitation": Kind(ON_A_LIST | {"office_address", "until_at", "time_zone"}, version=2),
    "next": Kind(frozenset({"ticket"}), frozenset({"counter"})),
    "closing_early": Kind(frozenset({"ticket", "closes_at", "time_zone"}), frozenset({"news"}), 2),
    "contact_code": Kind(frozenset({"office_name", "code", "until_at", "time_zone"})),
    "expiry": Kind(
        frozenset({"office_name", "link", "watch_link", "step", "due_at", "time_zone"}),
        frozenset({"office_phone", "more"}),
    ),
    "expiry_noted": Kind(
        frozenset({"office_name", "link", "due_at", "time_zone"}), frozenset({"office_phone"})
    ),
    "promise_alarm": Kind(ON_A_LIST),
    "test": Kind(frozenset({"office_name"})),
    "card_ready": Kind(frozenset({"office_name", "office_address", "link", "documents"})),
    "card_waits": Kind(frozenset({"office_name", "office_address", "link", "documents"})),
    "card_in_box": Kind(
        frozenset({"office_name", "office_address", "link", "code", "until_at", "time_zone"})
    ),
    "card_posted": Kind(frozenset({"office_name", "link"})),
}


# Of use for minutes only: nobody needs to hear later that one of them did not leave in time.
FLEETING = frozenset({"test", "next", "closing_early", "confirm_contact", "contact_code"})

# Into these the office can put a sentence. It is not in the SMS, but on the page behind its link.
WITH_A_WORD = ("moved", "cancelled")

# What staff call them.
NAMES = {
    "confirm_contact": N_("Confirm your contact"),
    "booked": N_("Booked"),
    "moved": N_("Moved"),
    "cancelled": N_("Cancelled"),
    "lapsed": N_("Not confirmed in time"),
    "contact_changed": N_("Contact changed"),
    "reminder": N_("Reminder"),
    "waitlist_joined": N_("Waiting list: joined"),
    "waitlist_offer": N_("Waiting list: a free time"),
    "waitlist_ended": N_("Waiting list: ended"),
    "draw_entered": N_("Draw: taking part"),
    "draw_result": N_("Draw: result"),
    "invitation": N_("Invitation"),
    "contact_code": N_("Code for a contact"),
    "expiry": N_("A date is coming up"),
    "expiry_noted": N_("Reminders of a date noted"),
    "card_ready": N_("Ready to be picked up"),
    "card_waits": N_("Still to be picked up"),
    "card_in_box": N_("Ready in the pick-up box"),
    "card_posted": N_("On its way by post"),
    "promise_alarm": N_("Promise of days not kept (to the office)"),
    "test": N_("Test"),
    "next": N_("You are next"),
    "closing_early": N_("The office closes early"),
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
