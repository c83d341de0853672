"""Keyed hashes by which a card is found, and the sealed original that they can be made from again.

Why both: a hash alone could not follow a change of keys, because it does not say what it was made from. So number and
date of birth are kept sealed beside it; `frontoffice keys rotate` opens, hashes under the current key, and seals
anew. Until then every look-up asks under all configured keys.
"""

from dataclasses import dataclass, replace
from typing import Any

from frontoffice.documents.card_models import CardOrder
from frontoffice.vault import Vault

HOLDER, SERIAL, ORDER = "card holder", "card serial", "card order"


@dataclass(frozen=True, slots=True)
class Original:
    """What is known of a card, never stored in clear: its numbers, its holder's date of birth ("1990-03-07"; parts
    that nobody knows are 00), whether somebody else will collect it, and the code of the pick-up box."""

    born: str
    serial: str | None = None
    order: str | None = None
    proxy: bool = False
    box_code: str | None = None

    def to_seal(self) -> dict[str, Any]:
        """What the vault keeps."""
        kept = {
            "born": self.born,
            "serial": self.serial,
            "order": self.order,
            "proxy": self.proxy,
            "box": self.box_code,
        }
        return {name: value for name, value in kept.items() if value}

    @classmethod
    def from_sealed(cls, kept: dict[str, Any]) -> "Original":
        """The original again."""
        return cls(
            kept["born"], kept.get("serial"), kept.get("order"), kept.get("proxy", False), kept.get("box")
        )

    def but(self, **changed: Any) -> "Original":
        """The same with something changed."""
        return replace(self, **changed)


def of_holder(vault: Vault, number: str, born: str) -> list[int]:
    """What serial or order number and date of birth lead to, under every key, the current one first."""
    return _short(vault.digests(HOLDER, f"{number} {born}"))


def of_serial(vault: Vault, serial: str) -> list[int]:
    """What a serial number leads to by itself: there are no two of them."""
    return _short(vault.digests(SERIAL, serial))


def of_order(vault: Vault, office_id: int, order: str) -> list[int]:
    """What an order number leads to by itself, at one office: two offices may have the same."""
    return _short(vault.digests(ORDER, f"{office_id} {order}"))


def put(vault: Vault, card: CardOrder, original: Original) -> None:
    """Seal the original and set all keys of the card, under the current key."""
    card.sealed = vault.seal(original.to_seal())
    serial, order = original.serial, original.order
    card.serial_key = of_holder(vault, serial, original.born)[0] if serial else None
    card.order_key = of_holder(vault, order, original.born)[0] if order else None
    card.serial_alone = of_serial(vault, serial)[0] if serial else None
    card.order_alone = of_order(vault, card.office_id, order)[0] if order else None


def is_current(vault: Vault, card: CardOrder, original: Original) -> bool:
    """Whether the keys of a card are those under the current key."""
    known = (
        (card.serial_alone, of_serial(vault, original.serial) if original.serial else [None]),
        (card.order_alone, of_order(vault, card.office_id, original.order) if original.order else [None]),
    )
    return all(kept == keys[0] for kept, keys in known)


def fits(vault: Vault, card: CardOrder, original: Original) -> bool:
    """Whether the keys of a card are those of its original, under whichever key."""
    serial, order = original.serial, original.order
    known = (
        (card.serial_key, of_holder(vault, serial, original.born) if serial else [None]),
        (card.order_key, of_holder(vault, order, original.born) if order else [None]),
        (card.serial_alone, of_serial(vault, serial) if serial else [None]),
        (card.order_alone, of_order(vault, card.office_id, order) if order else [None]),
    )
    return all(kept in keys for kept, keys in known)


def original_of(vault: Vault, card: CardOrder) -> Original:
    """What was sealed. Raises InvalidToken where no configured key opens it."""
    return Original.from_sealed(vault.open(card.sealed))


def _short(digests: list[str]) -> list[int]:
    """63 bits of each: ten million cards and fifty million guesses meet by chance once in 18,000 such attacks."""
    return [int(digest[:16], 16) >> 1 for digest in digests]
