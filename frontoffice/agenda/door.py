"""Through which door staff book for somebody, and from which seats. No database, no clock."""

from enum import StrEnum
from typing import NamedTuple

from frontoffice.booking.models import Channel, Share
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission

CHANNELS = (Channel.PHONE, Channel.ON_SITE)


class Reach(StrEnum):
    """Which seats a member of staff looks at."""

    USUAL = "usual"  # what this door may take now, by the rules for everybody
    INTERNAL = (
        "internal"  # all shares but the emergency one, also before their release and beyond the horizon
    )
    ONLINE = "online"
    PHONE = "phone"
    ON_SITE = "on_site"
    EMERGENCY = "emergency"


_SHARES = {
    Reach.INTERNAL: (Share.PHONE, Share.ON_SITE, Share.ONLINE),
    Reach.ONLINE: (Share.ONLINE,),
    Reach.PHONE: (Share.PHONE,),
    Reach.ON_SITE: (Share.ON_SITE,),
    Reach.EMERGENCY: (Share.EMERGENCY,),
}


class Door(NamedTuple):
    """What searching, holding and moving want to know; `shares` None: whatever the channel may take."""

    channel: Channel
    shares: tuple[Share, ...] | None


def reaches(account: Account) -> list[Reach]:
    """What the account may choose from."""
    return [reach for reach in Reach if _needs(reach) is None or roles.may(account, _needed(reach))]


def door(account: Account, channel: Channel, reach: Reach) -> Door:
    """The door through which the account takes these seats. Raises NotAllowed."""
    if reach is Reach.USUAL:
        return Door(channel, None)
    roles.require(account, _needed(reach))
    return Door(channel, _SHARES[reach])


def widest(account: Account, channel: Channel = Channel.PHONE) -> Door:
    """The door for what the office itself has to put right: all shares the account may take from, no emergencies."""
    internal = roles.may(account, Permission.INTERNAL_SHARES)
    return door(account, channel, Reach.INTERNAL if internal else Reach.USUAL)


def read(account: Account, channel: str, reach: str) -> tuple[Channel, Reach]:
    """What somebody chose in a form; what cannot be read or is not allowed becomes the usual."""
    chosen = next((each for each in CHANNELS if each == channel), Channel.PHONE)
    return chosen, next((each for each in reaches(account) if each == reach), Reach.USUAL)


def _needs(reach: Reach) -> Permission | None:
    if reach is Reach.USUAL:
        return None
    return Permission.EMERGENCY_SHARE if reach is Reach.EMERGENCY else Permission.INTERNAL_SHARES


def _needed(reach: Reach) -> Permission:
    needed = _needs(reach)
    assert needed is not None, "the usual seats need no permission of their own"
    return needed
