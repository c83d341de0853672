"""Phone numbers and mail addresses as people type them, in the form in which they are kept and used."""

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, ValidatedEmail, validate_email
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from frontoffice.errors import N_, Invalid
from frontoffice.messages.models import Medium

REGION = "DE"
# What may stand before the @ without any further question; the library looks at all else.
_PLAIN = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*", re.ASCII)
LONGEST = 254  # RFC 5321; a phone number is never longer

_TAKES_SMS = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def phone_number(typed: str) -> str:
    """`typed` in E.164 ("+4915123456789"); a number without a country is a German one.

    Raises Invalid (field "phone") where it is no number, or none that can receive an SMS.
    """
    try:
        number = phonenumbers.parse(typed[: LONGEST + 1], REGION)
    except phonenumbers.NumberParseException:
        raise Invalid(
            "phone", N_("This is not a phone number. Please enter it like this: 0151 23456789.")
        ) from None
    kind = phonenumbers.number_type(number)  # UNKNOWN is what no network has given out
    if number.extension or kind == PhoneNumberType.UNKNOWN:
        raise Invalid(
            "phone",
            N_(
                "This phone number does not exist. Please check the digits. "
                "A number from abroad starts with + and the country code."
            ),
        )
    if kind not in _TAKES_SMS:
        raise Invalid(
            "phone",
            N_("This number cannot receive text messages. Please enter the number of a mobile phone."),
        )
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def mail_address(typed: str) -> str:
    """`typed` without surrounding space, its domain in small letters and ASCII; asks no network.

    Raises Invalid (field "mail") where it cannot be a mail address.
    """
    address = typed.strip()[: LONGEST + 1]
    local, _, domain = address.rpartition("@")
    try:
        if _PLAIN.fullmatch(local) and len(address) <= LONGEST:
            return f"{local}@{_domain(domain)}"
        checked = _checked(address)
    except EmailNotValidError:
        raise Invalid(
            "mail", N_("This is not a mail address. Please enter it like this: name@example.org.")
        ) from None
    assert checked.ascii_email is not None  # because of allow_smtputf8=False
    return checked.ascii_email


def _checked(address: str) -> ValidatedEmail:
    return validate_email(address, check_deliverability=False, allow_smtputf8=False, allow_quoted_local=False)


@lru_cache(maxsize=1024)  # most people are at one of few providers
def _domain(domain: str) -> str:
    """The domain in small letters and ASCII. Raises EmailNotValidError."""
    return _checked(f"a@{domain}").ascii_domain


def to_digest(medium: Medium, address: str) -> str:
    """The form of an address whose keyed hash stands for the recipient: capital letters do not matter."""
    return f"{medium}:{address.casefold()}"
