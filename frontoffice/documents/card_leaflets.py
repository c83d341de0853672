"""The link on the leaflet that somebody gets when a card is ordered, and the pass to "tell me when it is ready".

The order number travels sealed in the address: what a proxy, a browser's history or a log keeps of it opens nothing,
and says nothing. A leaflet that another system prints can link to /card/#NUMBER instead: what stands behind the # is
never sent, a script of the page puts it into the field. Either way the date of birth is asked for.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from frontoffice.documents import serial
from frontoffice.errors import N_, Conflict, NotFound
from frontoffice.vault import InvalidToken, Vault

PASS_FOR = timedelta(minutes=30)
LONGEST = 400  # characters
_LINK = re.compile(r"/card/of/([A-Za-z0-9_-]+)")


class PassOver(Conflict):
    """The page was open for too long."""

    code = "pass_over"
    sentence = N_("This page was open for too long. Please look up your card again.")


def link(vault: Vault, number: str) -> str:
    """What stands in the address for an order number (as `serial` gives it)."""
    return vault.seal({"leaflet": number}).decode().rstrip("=")


def number_of(vault: Vault, link: str) -> str:
    """The order number again. Raises NotFound for what is no link of ours."""
    number = _open(vault, link).get("leaflet")
    if not isinstance(number, str) or serial.tidy(number) != number:
        raise NotFound
    return number


def scanned(vault: Vault, typed: str) -> str | None:
    """The order number of a leaflet whose link a scanner has typed; None where that is no link of ours."""
    matched = _LINK.search(typed)
    try:
        return number_of(vault, matched[1]) if matched else None
    except NotFound:
        return None


def card_pass(vault: Vault, card_id: int, now: datetime) -> str:
    """A proof, for half an hour, that somebody has looked up this card with number and date of birth."""
    return vault.seal({"pass": card_id, "until": (now + PASS_FOR).timestamp()}).decode().rstrip("=")


def card_of(vault: Vault, typed: str, now: datetime) -> int:
    """The card of a pass. Raises PassOver."""
    kept = _open(vault, typed)
    if "pass" not in kept or kept["until"] <= now.timestamp():
        raise PassOver
    return int(kept["pass"])


def _open(vault: Vault, typed: str) -> dict[str, Any]:
    if len(typed) > LONGEST or not typed.isascii():
        return {}
    try:
        kept = vault.open((typed + "=" * (-len(typed) % 4)).encode())
    except (InvalidToken, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
