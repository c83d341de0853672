"""Phone numbers and mail addresses as people type them, in the form in which they are kept and used."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from frontoffice.errors import N_, Invalid
from frontoffice.messages.models import Medium

REGION = "DE"
LONGEST = 254  # RFC 5321; a phone number is never longer

_TAKES_SMS = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UNKNOWN}


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
    if number.extension or not phonenumbers.is_valid_number(number):
        raise Invalid(
            "phone",
            N_(
                "This phone number does not exist. Please check the digits. "
                "A number from abroad starts with + and the country code."
            ),
        )
    if phonenumbers.number_type(number) not in _TAKES_SMS:
        raise Invalid(
            "phone",
            N_("This number cannot receive text messages. Please enter the number of a mobile phone."),
        )
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def mail_address(typed: str) -> str:
    """`typed` without surrounding space, its domain in small letters and ASCII; asks no network.

    Raises Invalid (field "mail") where it cannot be a mail address.
    """
    try:
        checked = validate_email(
            typed.strip()[: LONGEST + 1],
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
        )
    except EmailNotValidError:
        raise Invalid(
            "mail", N_("This is not a mail address. Please enter it like this: name@example.org.")
        ) from None
    assert checked.ascii_email is not None  # because of allow_smtputf8=False
    return checked.ascii_email


def to_digest(medium: Medium, address: str) -> str:
    """The form of an address whose keyed hash stands for the recipient: capital letters do not matter."""
    return f"{medium}:{address.casefold()}"
