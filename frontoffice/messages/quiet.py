"""Quiet hours: no phone rings at night. Works out when they end and begin on the office's wall clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from frontoffice.messages.models import Medium

# Who is called to the counter is standing in the building; who is to type in a code has just asked for it.
AT_ANY_HOUR = frozenset({"next", "confirm_contact", "contact_code"})


def are_kept(kind: str, medium: Medium) -> bool:
    """Whether a message has to wait for the morning. A mail rings nowhere, so it never does."""
    return medium is Medium.SMS and kind not in AT_ANY_HOUR


def end(now: datetime, zone: ZoneInfo, quiet_from: int, quiet_until: int) -> datetime | None:
    """When the quiet hours that `now` lies in are over (UTC); None outside of them.

    They run from one full hour (included) to the other (excluded) in `zone`; with equal hours there are none.
    """
    local = now.astimezone(zone)
    if quiet_from == quiet_until or not _is_quiet(local.hour, quiet_from, quiet_until):
        return None
    day = local.date() if local.hour < quiet_until else local.date() + timedelta(days=1)
    return datetime.combine(day, time(quiet_until), zone).astimezone(UTC)


def begin(now: datetime, zone: ZoneInfo, quiet_from: int, quiet_until: int) -> datetime | None:
    """When the next quiet hours begin (UTC), strictly after `now`; None where there are none."""
    if quiet_from == quiet_until:
        return None
    today = now.astimezone(zone).date()
    starts = (
        datetime.combine(today + timedelta(days=ahead), time(quiet_from), zone).astimezone(UTC)
        for ahead in (0, 1)
    )
    return next(start for start in starts if start > now)


def _is_quiet(hour: int, quiet_from: int, quiet_until: int) -> bool:
    if quiet_from < quiet_until:
        return quiet_from <= hour < quiet_until
    return hour >= quiet_from or hour < quiet_until
