"""Which role may do what: the whole table in one place."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import ColumnElement, true

from frontoffice.errors import NotAllowed
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role


class Permission(StrEnum):
    """Something that not every account may do."""

    SEE_LINE = "see_line"  # who sits where, which tickets wait
    SERVE = "serve"  # open a counter, call, serve, and see the name of the person called
    ISSUE_TICKETS = "issue_tickets"  # give a number at the desk
    CLOSE_ANY_COUNTER = "close_any_counter"  # also one that a colleague has left open
    STEER_LINE = "steer_line"  # close early today, change what a counter serves, write the screens' slides
    SEE_APPOINTMENTS = "see_appointments"  # the appointments of a day, and whose they are
    BOOK = "book"  # book, move and cancel for others
    INTERNAL_SHARES = "internal_shares"  # take seats of any share but the emergency one, at any time
    EMERGENCY_SHARE = "emergency_share"  # take seats that are kept for emergencies
    SEE_CAPACITY = "see_capacity"  # how many seats there are, and how many are taken
    CLOSE_DAYS = "close_days"  # close a day or a part of one, and open it again
    BLOCK = "block"  # see and change who may not book online, at any office: there is one list
    MIND_MESSAGES = "mind_messages"  # see which messages reached nobody, send them again, read the texts
    RESUME_PROVIDERS = "resume_providers"  # try a stopped provider of messages again: it serves all offices
    MIND_WATCHES = "mind_watches"  # look up and note whom to remind of the end of a document
    SEE_FORECAST = "see_forecast"  # how many renewals are coming, and whether there is room for them
    MIND_CARDS = "mind_cards"  # let cards arrive, take them on, hand them over; see their numbers
    DRAW = "draw"  # make a draw, and call it off
    MANAGE_DEVICES = "manage_devices"  # pair kiosks and screens, and sign them off
    SEE_STATISTICS = "see_statistics"  # counts of visits, waiting, no-shows and messages
    MANAGE_OFFICE = "manage_office"  # services, opening hours, counters, texts of an office
    ADD_OFFICES = "add_offices"  # add a further office, empty or as a copy
    MANAGE_ACCOUNTS = "manage_accounts"  # give accounts, roles, offices and passwords, within one's offices
    AUDIT = "audit"  # read and search who saw or changed what
    MANAGE_PARTNERS = "manage_partners"  # agree with partners what they book, give and take tokens


_AT_THE_DESK = frozenset(
    {
        Permission.SEE_LINE,
        Permission.SERVE,
        Permission.ISSUE_TICKETS,
        Permission.SEE_APPOINTMENTS,
        Permission.BOOK,
        Permission.SEE_CAPACITY,
        Permission.MIND_MESSAGES,
        Permission.MIND_WATCHES,
        Permission.MIND_CARDS,
    }
)
_WITH_CASES = _AT_THE_DESK | {Permission.INTERNAL_SHARES, Permission.EMERGENCY_SHARE}

MAY: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.FRONT_DESK: _AT_THE_DESK,
        Role.CASEWORKER: _WITH_CASES,
        Role.TEAM_LEAD: _WITH_CASES
        | {
            Permission.CLOSE_ANY_COUNTER,
            Permission.SEE_FORECAST,
            Permission.STEER_LINE,
            Permission.CLOSE_DAYS,
            Permission.RESUME_PROVIDERS,
            Permission.DRAW,
            Permission.BLOCK,
            Permission.SEE_STATISTICS,
            # Who answers for waiting times decides opening hours; only at offices where the account is valid.
            Permission.MANAGE_OFFICE,
            Permission.MANAGE_PARTNERS,
            Permission.MANAGE_DEVICES,
        },
        # Running the system is no reason to see who has an appointment, and neither is checking its records.
        Role.ADMINISTRATOR: frozenset(
            {
                Permission.SEE_LINE,
                Permission.CLOSE_ANY_COUNTER,
                Permission.DRAW,
                Permission.RESUME_PROVIDERS,
                Permission.SEE_CAPACITY,
                Permission.MIND_MESSAGES,
                Permission.SEE_STATISTICS,
                Permission.MANAGE_OFFICE,
                Permission.MANAGE_PARTNERS,
                Permission.MANAGE_DEVICES,
                Permission.ADD_OFFICES,
                Permission.MANAGE_ACCOUNTS,
            }
        ),
        Role.AUDITOR: frozenset({Permission.SEE_STATISTICS, Permission.AUDIT}),
    }
)


def may(account: Account, permission: Permission) -> bool:
    """Whether the account's role includes the permission."""
    return permission in MAY[account.role]


def require(account: Account, permission: Permission) -> None:
    """Raise NotAllowed unless the account's role includes the permission."""
    if not may(account, permission):
        raise NotAllowed


def is_valid_at(account: Account, office_id: int) -> bool:
    """Whether the account is valid at the office."""
    return bool(account.everywhere) or office_id in account.office_ids


def require_office(account: Account, office_id: int) -> None:
    """Raise NotAllowed unless the account is valid at the office."""
    if not is_valid_at(account, office_id):
        raise NotAllowed


def reaches(account: Account, offices: Collection[int] | None) -> bool:
    """Whether the account is valid at all these offices (None: every office there is and will be)."""
    return bool(account.everywhere) or (bool(offices) and account.office_ids.issuperset(offices or ()))


def require_reach(account: Account, offices: Collection[int] | None) -> None:
    """Raise NotAllowed unless the account is valid at all these offices (None: every office)."""
    if not reaches(account, offices):
        raise NotAllowed


def at_offices_of(account: Account) -> ColumnElement[bool]:
    """The condition that an office is one at which the account is valid, for a query of offices."""
    return true() if account.everywhere else Office.id.in_(sorted(account.office_ids))
