"""Messages that may have left: the provider's record decides, and only then is anything sent again."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from frontoffice.messages import failover, outbox, sweep
from frontoffice.messages.models import Medium, MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import LockedOutError, Outgoing, Refused, Sighting, UnreachableError
from tests.messages.parts import MAIL, Post, Told, parameters

UNCLEAR = Refused(Meaning.UNKNOWN, "ReadTimeout")


@pytest.fixture
def unknown(post: Post) -> int:
    """An SMS of which nobody knows whether it has left."""
    message = post.put(fallback_to=MAIL, subject="appointment:7")
    post.sms.answers = [UNCLEAR]
    assert post.deliver() == 1
    return message


def test_an_unclear_message_is_not_sent_again_before_it_was_looked_for(post: Post, unknown: int) -> None:
    assert post.look(unknown).state is MessageState.UNKNOWN
    post.clock.move(seconds=119)
    assert (post.clarify(), post.deliver()) == (0, 0)
    post.clock.move(seconds=1)
    assert post.clarify() == 1
    assert (post.look(unknown).state, post.deliver()) == (MessageState.UNKNOWN, 0)
    post.clock.move(seconds=59)
    assert post.clarify() == 0
    post.clock.move(seconds=1)
    assert post.clarify() == 1
    assert post.look(unknown).state is MessageState.PENDING
    assert post.deliver() == 1
    assert (post.look(unknown).state, len(post.sms.given)) == (MessageState.SENT, 2)


def test_a_message_on_the_providers_record_has_left(post: Post, unknown: int) -> None:
    created = post.clock() + timedelta(seconds=1)
    post.sms.sightings = [Sighting("SM1", created, "sent")]
    post.clock.move(minutes=2)
    post.clarify()
    message = post.look(unknown)
    assert (message.state, message.provider_id, message.accepted_at) == (MessageState.SENT, "SM1", created)
    assert post.deliver() == 0


def test_it_is_found_also_when_it_is_listed_only_at_the_second_look(post: Post, unknown: int) -> None:
    created = post.clock()
    post.clock.move(minutes=2)
    post.clarify()
    post.sms.sightings = [Sighting("SM1", created, "delivered")]
    post.clock.move(minutes=1)
    post.clarify()
    assert (post.look(unknown).state, len(post.sms.given)) == (MessageState.DELIVERED, 1)


def test_older_messages_and_those_of_other_rows_are_not_mistaken_for_it(post: Post, unknown: int) -> None:
    other = post.put(to="+4915123456780")
    post.deliver()
    taken = post.look(other).provider_id
    assert taken is not None
    post.sms.sightings = [
        Sighting(taken, post.clock(), "sent"),
        Sighting("SM long ago", post.clock() - timedelta(seconds=3), "delivered"),
    ]
    post.clock.move(minutes=2)
    post.clarify()
    post.clock.move(minutes=1)
    post.clarify()
    assert post.look(unknown).state is MessageState.PENDING


def test_a_provider_that_cannot_be_asked_leaves_it_open(post: Post, unknown: int) -> None:
    class Down(Told):
        def find(self, _to: str, /) -> Sequence[Sighting] | None:
            raise UnreachableError

    post.sms = Down()
    for _ in range(5):
        post.clock.move(minutes=5)
        post.clarify()
        assert (post.look(unknown).state, post.look(unknown).looked_at) == (MessageState.UNKNOWN, None)


def test_after_three_unclear_attempts_a_person_and_a_mail_take_over(post: Post, unknown: int) -> None:
    for _ in range(2):
        post.sms.answers = [UNCLEAR]
        _look_twice(post)
        assert post.deliver() == 1
    _look_twice(post)
    assert (post.look(unknown).state, len(post.sms.given)) == (MessageState.DEAD, 3)
    post.deliver()
    assert [each.to for each in post.mail.given] == [MAIL]


def test_what_turns_out_not_to_have_left_too_late_becomes_a_mail(post: Post) -> None:
    message = post.put(fallback_to=MAIL, expires_at=post.clock() + timedelta(minutes=2))
    post.sms.answers = [UNCLEAR]
    post.deliver()
    _look_twice(post)
    assert post.look(message).state is MessageState.EXPIRED
    post.deliver()
    assert (len(post.sms.given), len(post.mail.given)) == (1, 1)


def test_what_was_cancelled_meanwhile_is_not_sent_again(post: Post, unknown: int) -> None:
    with post.database.write() as session:
        outbox.cancel(session, "appointment:7", post.clock())
    _look_twice(post)
    assert (post.look(unknown).state, post.deliver()) == (MessageState.CANCELLED, 0)
    assert (len(post.sms.given), post.mail.given) == (1, [])


@pytest.mark.parametrize(
    ("status", "state"), [("undelivered", MessageState.UNDELIVERED), ("failed", MessageState.FAILED)]
)
def test_what_left_and_did_not_arrive_becomes_a_mail(
    post: Post, unknown: int, status: str, state: MessageState
) -> None:
    post.sms.sightings = [Sighting("SM1", post.clock(), status, "30005")]
    post.clock.move(minutes=2)
    post.clarify()
    assert (post.look(unknown).state, post.look(unknown).error_code, post.look(unknown).provider_id) == (
        state,
        "30005",
        "SM1",
    )
    post.deliver()
    assert (len(post.sms.given), len(post.mail.given)) == (1, 1)


def test_an_unclear_mail_is_sent_again_under_the_same_name(post: Post) -> None:
    message = post.put(medium=Medium.MAIL)
    post.mail.answers = [UNCLEAR]
    post.deliver()
    post.clock.move(minutes=2)
    post.clarify()
    post.deliver()
    assert post.look(message).state is MessageState.SENT
    assert len({each.key for each in post.mail.given}) == 1


def test_a_lease_that_ran_out_leaves_it_open_whether_the_message_left(post: Post) -> None:
    message = post.put()

    def dies(_outgoing: Outgoing) -> Refused:
        raise KeyboardInterrupt

    post.sms.answers = [dies]
    with pytest.raises(KeyboardInterrupt):
        post.deliver()
    post.clock.move(minutes=4, seconds=59)
    with post.database.write() as session:
        assert sweep.lapse(session, post.delivery.timing, post.clock()) == 0
    post.clock.move(seconds=1)
    with post.database.write() as session:
        assert sweep.lapse(session, post.delivery.timing, post.clock()) == 1
    assert (post.look(message).state, post.deliver()) == (MessageState.UNKNOWN, 0)
    # The attempt may have been made at the very end of the lease.
    assert post.look(message).not_before == post.clock() + post.delivery.timing.look_after


def test_two_workers_that_look_at_once_count_as_one_look(post: Post, unknown: int) -> None:
    class LooksTwice(Told):
        def find(self, _to: str, /) -> Sequence[Sighting] | None:
            if not self.given:
                self.given.append(Outgoing("", "", "", "", timedelta(0)))
                post.clarify()  # another worker, between our question and its answer
            return ()

    post.sms = LooksTwice()
    post.clock.move(minutes=2)
    post.clarify()
    assert (post.look(unknown).state, post.look(unknown).looked_at) == (MessageState.UNKNOWN, post.clock())


def test_what_is_sealed_with_a_lost_key_does_not_block_the_phone_for_ever(post: Post, unknown: int) -> None:
    post.change(unknown, envelope=b"sealed with another key")
    post.clock.move(minutes=2)
    post.clarify()
    assert post.look(unknown).state is MessageState.DEAD


@pytest.mark.parametrize("hours", [-2, 2])
@pytest.mark.parametrize("kind", ["booked", "next"])  # at the end of one is a link of its own
def test_a_clock_that_was_wrong_at_the_attempt_does_not_double_it(post: Post, hours: int, kind: str) -> None:
    true = post.clock()
    post.clock.move(hours=hours)
    said = {"ticket": "A017"} if kind == "next" else parameters()
    until = true + timedelta(days=1)
    message = post.put(kind=kind, parameters=said, not_before=post.clock(), expires_at=until)
    post.sms.answers = [UNCLEAR]
    post.deliver()
    text = post.sms.given[0].text
    post.sms.sightings = [
        Sighting("SM long ago", true - timedelta(hours=6), "delivered", text=text),
        Sighting("SM something else", true - timedelta(hours=3), "delivered", text="Something else"),
        Sighting("SM1", true, "delivered", text=f"{text} "),
    ]
    post.clock.moment = max(true, post.look(message).not_before)
    post.clarify()
    assert (post.look(message).state, post.look(message).provider_id) == (MessageState.DELIVERED, "SM1")
    assert (post.deliver(), len(post.sms.given)) == (0, 1)


def test_another_text_from_before_the_attempt_is_not_mistaken_for_it(post: Post, unknown: int) -> None:
    early = post.clock() - timedelta(seconds=3)
    post.sms.sightings = [Sighting("SM1", early, "delivered", text="Something else")]
    _look_twice(post)
    assert post.look(unknown).state is MessageState.PENDING


def test_only_the_provider_that_was_asked_knows_what_became_of_it(post: Post, unknown: int) -> None:
    post.sms = Told(name="another")
    for _ in range(3):
        _look_twice(post)
        post.deliver()
    assert (post.look(unknown).state, post.sms.given) == (MessageState.UNKNOWN, [])
    post.sms = Told(sightings=[Sighting("SM1", post.clock(), "delivered")])
    post.clock.move(minutes=15)
    post.clarify()
    assert post.look(unknown).state is MessageState.DELIVERED


class Closed(Told):
    """A provider whose record cannot be read."""

    error: Exception = UnreachableError()

    def find(self, _to: str, /) -> Sequence[Sighting] | None:
        raise self.error


def test_a_record_that_stays_unreadable_does_not_block_a_phone_for_weeks(post: Post) -> None:
    post.sms = Closed(answers=[UNCLEAR])
    message = post.put(fallback_to=MAIL, expires_at=post.clock() + timedelta(days=60))
    post.deliver()
    begin, looks = post.clock(), 0
    while post.look(message).state is MessageState.UNKNOWN and looks < 50:
        looks += 1
        post.clock.moment = post.look(message).not_before
        assert post.clarify() == 1
    assert timedelta(hours=6) <= post.clock() - begin < timedelta(hours=6, minutes=15)
    assert 20 < looks < 50
    assert (post.look(message).state, post.look(message).error_code) == (MessageState.DEAD, "unclear")
    later = post.put(subject="appointment:9")
    post.deliver()
    assert (post.states(later), [each.to for each in post.mail.given]) == ([MessageState.SENT], [MAIL])


def test_a_provider_that_does_not_let_us_in_is_stopped(post: Post, unknown: int) -> None:
    post.sms = Closed()
    post.sms.error = LockedOutError("20003")
    begin = post.clock() + timedelta(minutes=2)
    for _ in range(3):
        post.clock.move(minutes=2)
        post.clarify()
    with post.database.read() as session:
        [stop] = failover.state(session)
    assert (stop.provider, stop.reason, stop.tried_at) == ("told", "20003", begin), "its trial is not put off"
    assert post.look(unknown).state is MessageState.UNKNOWN


def test_what_goes_wrong_with_one_does_not_keep_the_others_unclear(post: Post) -> None:
    class Breaks(Told):
        def find(self, to: str, /) -> Sequence[Sighting] | None:
            if to == "+4915123456780":
                raise RuntimeError
            return ()

    messages = [post.put(to=f"+491512345678{number}") for number in range(3)]
    post.sms = Breaks(answers=[UNCLEAR] * 3)
    post.deliver()
    _look_twice(post)
    assert post.states(*messages) == [MessageState.UNKNOWN, MessageState.PENDING, MessageState.PENDING]


@pytest.mark.parametrize(("tag", "hours", "is_its_own"), [("1", -1, True), ("2", 0, False), ("1", -4, False)])
def test_a_tag_counts_for_an_attempt_that_was_made(
    post: Post, unknown: int, tag: str, hours: int, is_its_own: bool
) -> None:
    """Another one stands for a row that had the same number before, in a database that was set back."""
    at = post.clock() + timedelta(hours=hours)
    post.sms.sightings = [Sighting("SM1", at, "delivered", tag=f"{unknown:x}/{tag}")]
    _look_twice(post)
    assert post.look(unknown).state is (MessageState.DELIVERED if is_its_own else MessageState.PENDING)


def _look_twice(post: Post) -> None:
    post.clock.move(minutes=2)
    post.clarify()
    post.clock.move(minutes=1)
    post.clarify()
