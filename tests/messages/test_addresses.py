"""Phone numbers and mail addresses as people type them."""

import pytest

from frontoffice.errors import Invalid
from frontoffice.messages import addresses
from frontoffice.messages.models import Medium


@pytest.mark.parametrize(
    "typed",
    [
        "0151 23456789",
        "0151/234 567-89",
        "+49 151 23456789",
        "0049 151 23456789",
        " 015123456789 ",
        "(0151) 23456789",
    ],
)
def test_a_german_mobile_number_is_the_same_however_it_is_typed(typed: str) -> None:
    assert addresses.phone_number(typed) == "+4915123456789"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+380 50 123 4567", "+380501234567"),
        ("+90 532 123 45 67", "+905321234567"),
        ("+1 202 555 0123", "+12025550123"),  # cannot be told apart from a landline, so it is let through
    ],
)
def test_numbers_from_abroad_are_taken(typed: str, kept: str) -> None:
    assert addresses.phone_number(typed) == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "not a phone number"),
        ("call me", "not a phone number"),
        ("\x00", "not a phone number"),
        ("1" * 10_000, "not a phone number"),
        ("110", "does not exist"),
        ("0151 234", "does not exist"),
        ("+49 151 23456789 ext. 5", "does not exist"),
        ("030 1234567", "cannot receive text messages"),
        ("0900 1234567", "cannot receive text messages"),
    ],
)
def test_what_cannot_get_an_sms_is_refused_with_the_reason(typed: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        addresses.phone_number(typed)
    assert refused.value.field == "phone"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Maria.Muster+amt@Example.ORG ", "Maria.Muster+amt@example.org"),
        ("maria@bücher.example.com", "maria@xn--bcher-kva.example.com"),
    ],
)
def test_a_mail_address_is_kept_as_servers_understand_it(typed: str, kept: str) -> None:
    assert addresses.mail_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "maria",
        "maria@",
        "maria@localhost",
        "jörg@example.org",
        "Maria <maria@example.org>",
        "maria@example.org\nBcc: all@example.org",
        "maria@example.org\x00",
        "a" * 10_000 + "@example.org",
    ],
)
def test_what_is_no_mail_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="not a mail address") as refused:
        addresses.mail_address(typed)
    assert refused.value.field == "mail"


def test_an_address_stands_for_the_same_recipient_in_capital_letters() -> None:
    assert addresses.to_digest(Medium.MAIL, "Maria@example.org") == addresses.to_digest(
        Medium.MAIL, "maria@example.org"
    )
