"""The real client against a server of ours: every answer is understood, and nothing personal is logged."""

import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from frontoffice.config import Twilio
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Refused, UnreachableError
from frontoffice.messages.timing import Timing
from frontoffice.messages.twilio_sms import TwilioSms
from tests.messages.fake_twilio import ACCOUNT, SENDER, TOKEN, FakeTwilio, Fault
from tests.messages.parts import PHONE

SHORT = Timing(connect=timedelta(seconds=0.3), answer=timedelta(seconds=0.3))


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with FakeTwilio() as fake:
        yield fake


def provider(url: str, sender: str = SENDER) -> TwilioSms:
    return TwilioSms(Twilio(account_sid=ACCOUNT, auth_token=TOKEN, sender=sender, base_url=url), SHORT)


def outgoing(valid_for: timedelta = timedelta(hours=1)) -> Outgoing:
    return Outgoing(
        to=PHONE, text="Ihr Termin: „morgen“ & 100 %", key="a:sms", language="de", valid_for=valid_for
    )


def send(fake: FakeTwilio, fault: Fault) -> Outcome:
    fake.plan = lambda _number: fault
    return provider(fake.url()).send(outgoing())


def test_a_message_leaves_as_it_is(fake: FakeTwilio) -> None:
    assert send(fake, Fault.NONE) == Accepted(fake.ledger[0].sid, "queued")
    assert (fake.ledger[0].to, fake.ledger[0].body) == (PHONE, "Ihr Termin: „morgen“ & 100 %")
    assert fake.ledger[0].sender == SENDER


@pytest.mark.parametrize(("valid_for", "seconds"), [(3600, 3600), (3 * 86400, 36000), (1, 6), (-5, 6)])
def test_the_provider_is_told_until_when_to_deliver(fake: FakeTwilio, valid_for: int, seconds: int) -> None:
    provider(fake.url()).send(outgoing(timedelta(seconds=valid_for)))
    assert fake.ledger[0].validity == seconds


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.ERROR_TAKEN, "20500"),
        (Fault.ERROR_LOST, "20500"),
        (Fault.GATEWAY, "502"),
        (Fault.HANG_TAKEN, "ReadTimeout"),
        (Fault.RESET_TAKEN, "ConnectionError"),
        (Fault.RESET_LOST, "ConnectionError"),
    ],
)
def test_whatever_leaves_it_open_is_unknown(fake: FakeTwilio, fault: Fault, code: str) -> None:
    assert send(fake, fault) == Refused(Meaning.UNKNOWN, code)


def test_too_many_requests_are_tried_again_when_the_provider_wishes(fake: FakeTwilio) -> None:
    assert send(fake, Fault.BUSY) == Refused(Meaning.LATER, "20429", timedelta(seconds=7))


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 21614, Meaning.DEAD),
        (400, 21610, Meaning.SUPPRESS),
        (401, 20003, Meaning.STOP),
        (400, 12345, Meaning.DEAD),
    ],
)
def test_a_clear_no_is_a_no(fake: FakeTwilio, status: int, code: int, meaning: Meaning) -> None:
    fake.refuse[PHONE] = status, {"code": code, "message": f"The number {PHONE} is no good", "status": status}
    assert provider(fake.url()).send(outgoing()) == Refused(meaning, str(code))


def test_the_newer_form_of_problems_is_understood_too(fake: FakeTwilio) -> None:
    fake.refuse[PHONE] = 400, {"type": "https://example.org", "title": "No", "status": 400, "code": 21614}
    assert provider(fake.url()).send(outgoing()) == Refused(Meaning.DEAD, "21614")


def test_what_was_never_connected_has_not_left() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    outcome = provider(url).send(outgoing())
    assert isinstance(outcome, Refused)
    assert outcome.meaning is Meaning.LATER


def test_messages_are_found_by_recipient_and_sender(fake: FakeTwilio) -> None:
    before = datetime.now(UTC)
    mine, other = provider(fake.url(), "+49 157 0000000"), provider(fake.url(), "+491579999999")
    mine.send(outgoing())
    other.send(outgoing())
    found = mine.find(PHONE)
    assert found is not None
    assert [each.provider_id for each in found] == [fake.ledger[0].sid]
    assert abs(found[0].created_at - before) < timedelta(seconds=2)
    assert (found[0].status, found[0].error_code) == ("delivered", None)
    assert found[0].text == outgoing().text
    assert outgoing().text not in repr(found[0])
    assert mine.find("+4915123456780") == []


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_provider_whose_clock_is_wrong_tells_times_on_our_clock(fake: FakeTwilio, hours: int) -> None:
    fake.clock_ahead = timedelta(hours=hours)
    before = datetime.now(UTC)
    mine = provider(fake.url())
    mine.send(outgoing())
    found = mine.find(PHONE)
    assert found
    assert before - timedelta(seconds=2) < found[0].created_at < datetime.now(UTC) + timedelta(seconds=2)


def test_a_record_that_cannot_be_read_is_not_taken_for_an_empty_one(fake: FakeTwilio) -> None:
    fake.list_fails = lambda _number: True
    with pytest.raises(UnreachableError):
        provider(fake.url()).find(PHONE)
    with pytest.raises(UnreachableError):
        provider("http://127.0.0.1:9").find(PHONE)


def test_no_number_and_no_text_is_logged(fake: FakeTwilio, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mine = provider(fake.url())
    for fault in (Fault.NONE, Fault.GATEWAY, Fault.RESET_LOST, Fault.HANG_LOST):
        fake.plan = lambda _number, fault=fault: fault  # type: ignore[misc]
        mine.send(outgoing())
    mine.find(PHONE)
    assert PHONE[1:] not in caplog.text
    assert "Termin" not in caplog.text
    assert TOKEN not in caplog.text
