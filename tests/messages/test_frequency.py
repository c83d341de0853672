"""How often a phone rings, how quickly "you are next" comes back, and how much leaves in a second."""

from datetime import timedelta

import pytest

from frontoffice.config import Messages
from frontoffice.messages import frequency
from frontoffice.messages.models import Medium, MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Refused
from tests.messages.fake_twilio import ACCOUNT
from tests.messages.parts import MAIL, Post

TWILIO = {"account_sid": ACCOUNT, "auth_token": "token", "sender": "Amt"}


def test_a_phone_rings_once_a_minute_and_four_times_a_day(post: Post) -> None:
    post.settings = Messages()
    texts = [post.put(expires_at=post.clock() + timedelta(days=3)) for _ in range(6)]
    called = post.put(kind="next", parameters={"ticket": "A001"})
    other = post.put(to="+4915123456780")
    start, moments = post.clock(), []
    assert post.deliver() == 3
    assert post.states(texts[0], called, other) == [MessageState.SENT] * 3
    for seconds in [59, *[1, 60, 60, 60, 60] * 2]:
        post.clock.move(seconds=seconds)
        moments += [(post.clock() - start).total_seconds()] * post.deliver()
    assert moments == [60, 120, 180]
    assert post.look(texts[4]).not_before == start + timedelta(days=1)
    post.clock.moment = start + timedelta(days=1)
    assert post.deliver() == 1
    assert post.states(*texts) == [MessageState.SENT] * 5 + [MessageState.PENDING]


def test_what_would_come_too_late_for_that_goes_by_mail(post: Post) -> None:
    post.settings = Messages()
    post.put()
    second = post.put(fallback_to=MAIL, expires_at=post.clock() + timedelta(seconds=30))
    post.deliver()
    assert (post.states(second), [each.to for each in post.mail.given]) == ([MessageState.EXPIRED], [MAIL])


def test_you_are_next_comes_back_in_seconds_and_only_for_minutes(post: Post) -> None:
    message = post.put(
        kind="next", parameters={"ticket": "A001"}, expires_at=post.clock() + timedelta(minutes=5)
    )
    post.sms.answers = [Refused(Meaning.LATER, "ConnectTimeout")] * 4
    waits = []
    for _ in range(4):
        assert post.deliver() == 1
        waits.append(post.look(message).not_before - post.clock())
        post.clock.moment = post.look(message).not_before
    assert [each.total_seconds() for each in waits] == [5, 10, 20, 20]
    post.clock.move(minutes=5)
    assert post.deliver() == 0


@pytest.mark.parametrize("rate", [2, 0])
def test_so_many_parts_leave_in_a_second_and_no_more(post: Post, rate: float) -> None:
    post.settings = Messages.model_validate(
        {"sms": "twilio", "twilio": TWILIO, "segments_per_second": rate, "sms_gap_seconds": 0}
    )
    for number in range(10, 40):
        post.put(to=f"+49151234567{number}")
    post.put(medium=Medium.MAIL)
    left = []
    for _ in range(20):
        left.append(post.deliver())
        post.clock.move(seconds=1)
    assert len(post.mail.given) == 1
    if not rate:
        assert left[0] == 31
        return
    # A claim may be larger than a second's worth; the seconds after it make up for that.
    assert max(left) <= 11
    assert left[0] + left[1] + left[2] <= 11
    assert len(post.sms.given) >= 20


def test_the_console_of_the_demonstration_is_not_slowed_down() -> None:
    assert not frequency.is_paced(Messages())
