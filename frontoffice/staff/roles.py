"""Which role may do what: the whole table in one place."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from frontoffice.errors import NotAllowed
from frontoffice.staff.models import Account, Role


class Permission(StrEnum):
    """Something that not every account may do."""

    SEE_LINE = "see_line"  # who sits where, which tickets wait
    SERVE = "serve"  # open a counter, call, serve, and see the name of the person called
    ISSUE_TICKETS = "issue_tickets"  # give a number at the desk
    CLOSE_ANY_COUNTER = "close_any_counter"  # also one that a colleague has left open


_AT_THE_DESK = frozenset({Permission.SEE_LINE, Permission.SERVE, Permission.ISSUE_TICKETS})

MAY: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.FRONT_DESK: _AT_THE_DESK,
        Role.CASEWORKER: _AT_THE_DESK,
        Role.TEAM_LEAD: _AT_THE_DESK | {Permission.CLOSE_ANY_COUNTER},
        # Running the system is no reason to see who has an appointment, and neither is checking its records.
        Role.ADMINISTRATOR: frozenset({Permission.SEE_LINE, Permission.CLOSE_ANY_COUNTER}),
        Role.AUDITOR: frozenset(),
    }
)


def may(account: Account, permission: Permission) -> bool:
    """Whether the account's role includes the permission."""
    return permission in MAY[account.role]


def require(account: Account, permission: Permission) -> None:
    """Raise NotAllowed unless the account's role includes the permission."""
    if not may(account, permission):
        raise NotAllowed


def require_office(account: Account, office_id: int) -> None:
    """Raise NotAllowed unless the account is valid at the office; one without an office is valid at each."""
    if account.office_id is not None and account.office_id != office_id:
        raise NotAllowed
