"""How a person proves that a contact is theirs: by a link in a mail, or by a code in an SMS.

Link and code belong to one appointment and one address: they are worked out from both, and stored nowhere. So a
link that went to a mistyped address proves nothing once the address has been mended.
"""

import hmac

from frontoffice.booking.person import Contact, WrongDetails
from frontoffice.booking.refusals import MailNeeded, PhoneNeeded
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Confirmation
from frontoffice.vault import Vault

LINK = "confirm"
CODE = "confirm code"
DIGITS = 6


def kind(confirmation: Confirmation, contact: Contact) -> Medium | None:
    """Through what a contact is to be proven at an office; None where nothing is asked.

    Raises WrongDetails where the contact lacks what the office needs.
    """
    match confirmation:
        case Confirmation.NONE:
            return None
        case Confirmation.MAIL if not contact.mail:
            raise WrongDetails([MailNeeded()])
        case Confirmation.SMS if not contact.phone:
            raise WrongDetails([PhoneNeeded()])
        case Confirmation.MAIL:
            return Medium.MAIL
        case Confirmation.SMS:
            return Medium.SMS
    return Medium.MAIL if contact.mail else Medium.SMS


def through(confirmation: Confirmation, contact: Contact) -> Medium | None:
    """Through what a contact can be proven, whatever the office asks of new bookings by now; None without a contact.

    What waits for its proof was booked under other rules perhaps, or won in a draw, and has to be proven somehow.
    """
    if contact.mail and not (confirmation is Confirmation.SMS and contact.phone):
        return Medium.MAIL
    return Medium.SMS if contact.phone else None


def link_proof(vault: Vault, reference: str, mail: str) -> str:
    """What stands in the link to a mail address."""
    return vault.token(LINK, _subject(reference, mail))


def is_link_proof(vault: Vault, reference: str, mail: str, typed: str) -> bool:
    """Whether that came from the link to the address."""
    return vault.token_matches(typed, LINK, _subject(reference, mail))


def code(vault: Vault, reference: str, phone: str) -> str:
    """The code that is sent to a phone: six digits."""
    return _digits(vault.digest(CODE, _subject(reference, phone)))


def is_code(vault: Vault, reference: str, phone: str, typed: str) -> bool:
    """Whether that is the code that was sent to the phone; spaces do not matter."""
    tidied = "".join(typed[:40].split())
    known = [_digits(each) for each in vault.digests(CODE, _subject(reference, phone))]
    return any(hmac.compare_digest(tidied.encode(), each.encode()) for each in known)


def _subject(reference: str, address: str) -> str:
    return f"{reference} {address}"


def _digits(digest: str) -> str:
    return f"{int(digest, 16) % 10**DIGITS:0{DIGITS}}"
