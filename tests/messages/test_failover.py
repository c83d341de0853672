"""One provider stops, the other one carries on, and whoever looks is told why."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from frontoffice.config import Messages
from frontoffice.events import Event
from frontoffice.messages import channels, failover, receipts, sweep
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Refused, Sighting, UnreachableError
from frontoffice.messages.seven_sms import SevenSms
from frontoffice.messages.timing import Timing
from frontoffice.messages.twilio_sms import TwilioSms
from tests.messages.fake_twilio import ACCOUNT
from tests.messages.parts import MAIL, Post, Told

STOPPED = Refused(Meaning.STOP, "20003")
UNCLEAR = Refused(Meaning.UNKNOWN, "502")


@pytest.fixture
def pair(post: Post) -> Post:
    """An outbox with two providers of SMS."""
    post.sms, post.backup = Told(name="twilio"), Told(name="seven")
    return post


def put_many(post: Post, many: int) -> list[int]:
    return [post.put(to=f"+491512345678{number}") for number in range(many)]


def why(post: Post) -> list[tuple[str, str]]:
    with post.database.read() as session:
        return [(each.provider, each.reason) for each in channels.state(session)]


def test_the_other_one_takes_over_at_once_and_gives_back_after_a_rest(pair: Post) -> None:
    assert pair.backup is not None
    begin, messages = pair.clock(), put_many(pair, 4)
    pair.sms.answers = [STOPPED]
    pair.deliver()
    assert pair.states(*messages) == [MessageState.SENT] * 4
    assert (len(pair.sms.given), len(pair.backup.given)) == (1, 4)
    assert [pair.look(each).provider for each in messages] == ["seven"] * 4
    assert why(pair) == [("twilio", "20003")]
    pair.clock.move(minutes=14)
    put_many(pair, 2)
    pair.deliver()
    assert (len(pair.sms.given), len(pair.backup.given)) == (1, 6)
    pair.clock.move(minutes=1)
    pair.sms.answers = [STOPPED]  # still not mended
    put_many(pair, 2)
    pair.deliver()
    assert (len(pair.sms.given), len(pair.backup.given)) == (2, 8)
    assert why(pair) == [("twilio", "20003")]
    with pair.database.read() as session:
        [stop] = failover.state(session)
        assert (stop.since, stop.tried_at) == (begin, pair.clock())
        assert failover.silent(session, pair.settings) == {Medium.SMS: True}
        both = pair.settings.model_copy(update={"sms_backup": "seven"})
        assert failover.silent(session, both) == {Medium.SMS: False}
    pair.clock.move(minutes=15)
    put_many(pair, 2)
    pair.deliver()
    assert (len(pair.sms.given), len(pair.backup.given), why(pair)) == (4, 8, [])
    with pair.database.read() as session:
        told = session.scalars(select(Event)).all()
    assert [(each.kind, each.subject, each.actor, each.data) for each in told] == [
        ("channel.stopped", "channel:twilio", "worker", {"medium": "sms", "reason": "20003"}),
        ("channel.resumed", "channel:twilio", "worker", {"medium": "sms"}),
    ]


def test_where_both_are_stopped_messages_wait(pair: Post) -> None:
    assert pair.backup is not None
    messages = put_many(pair, 3)
    pair.sms.answers, pair.backup.answers = [STOPPED], [Refused(Meaning.STOP, "500")]
    pair.deliver()
    assert pair.states(*messages) == [MessageState.PENDING] * 3
    assert why(pair) == [("seven", "500"), ("twilio", "20003")]
    with pair.database.write() as session:
        failover.resume(session, ["seven"], pair.clock())
    pair.clock.move(minutes=1)
    pair.deliver()
    assert len(pair.backup.given) == 4
    with pair.database.write() as session:
        sweep.try_anew(session, pair.delivery.timing, pair.clock())
    assert why(pair) == [("twilio", "20003")], "one message goes through it first"
    put_many(pair, 1)
    pair.deliver()
    assert why(pair) == []


def test_after_a_rest_one_message_is_tried_and_not_a_whole_batch(pair: Post) -> None:
    assert pair.backup is not None
    for outcome, given in ((STOPPED, 1), (UNCLEAR, 2), (UNCLEAR, 3)):
        pair.clock.move(minutes=15)
        messages = put_many(pair, 5)
        pair.sms.answers = [outcome] * 5
        pair.deliver()
        assert (len(pair.sms.given), len(why(pair))) == (given, 1), outcome
        assert MessageState.PENDING not in pair.states(*messages), "the other one takes the rest"
        pair.change(messages[0], state=MessageState.DEAD)
    pair.clock.move(minutes=15)
    messages, claimed = put_many(pair, 5), list[int]()

    def count(_outgoing: Outgoing) -> Outcome:
        claimed.append(pair.states(*messages).count(MessageState.SENDING))
        return Accepted(f"SM{len(claimed)}")

    pair.sms.answers = [count, count]
    pair.deliver()
    assert claimed == [1, 4], "a worker that dies at the trial leaves one unclear"


def test_a_provider_that_fails_again_and_again_is_stopped_and_nothing_is_sent_twice(pair: Post) -> None:
    assert pair.backup is not None
    messages = put_many(pair, 9)
    pair.sms.answers = [UNCLEAR] * 9
    pair.deliver()
    # What may have left with the first one is not given to the second: it stays unclear until it is found out.
    assert pair.states(*messages) == [MessageState.UNKNOWN] * 5 + [MessageState.SENT] * 4
    assert (len(pair.sms.given), len(pair.backup.given)) == (5, 4)
    assert why(pair) == [("twilio", "502 (5 times in a row)")]
    pair.backup.sightings = [Sighting("77", pair.clock(), "sent")]
    pair.clock.move(minutes=2)
    pair.clarify()
    pair.clock.move(minutes=1)
    pair.clarify()  # it is the first one that is asked
    assert pair.states(*messages[:5]) == [MessageState.PENDING] * 5
    pair.deliver()
    assert (len(pair.sms.given), len(pair.backup.given)) == (5, 9)


def test_now_and_then_a_failure_stops_nobody(pair: Post) -> None:
    put_many(pair, 9)
    busy = Refused(Meaning.LATER, "20429")
    pair.sms.answers = [UNCLEAR, UNCLEAR, UNCLEAR, UNCLEAR, Accepted("SM5"), UNCLEAR, busy, busy, busy]
    pair.deliver()
    assert why(pair) == []


def test_a_tag_says_which_message_it_is_whatever_the_time(pair: Post) -> None:
    message = pair.put()
    pair.sms.answers = [UNCLEAR]
    pair.deliver()
    long_ago = pair.clock() - timedelta(hours=1)
    pair.sms.sightings = [
        Sighting("another's", pair.clock(), "delivered", tag="ffff/1"),
        Sighting("nobody's", pair.clock(), "delivered", tag=""),
        Sighting("its own", long_ago, "delivered", tag=f"{message:x}/1"),
    ]
    pair.clock.move(minutes=2)
    pair.clarify()
    assert (pair.look(message).provider_id, pair.look(message).state) == ("its own", MessageState.DELIVERED)


def test_what_stays_unclear_until_it_is_too_late_is_for_a_person_and_a_mail(pair: Post) -> None:
    class Down(Told):
        def find(self, _to: str, /) -> None:
            raise UnreachableError

    pair.sms = Down(name="twilio", answers=[UNCLEAR])
    message = pair.put(fallback_to=MAIL, expires_at=pair.clock() + timedelta(hours=1))
    pair.deliver()
    pair.clock.move(minutes=59)
    pair.clarify()
    assert pair.states(message) == [MessageState.UNKNOWN]
    pair.clock.move(minutes=1)
    pair.clarify()
    assert (pair.look(message).state, pair.look(message).error_code) == (MessageState.DEAD, "unclear")
    pair.deliver()
    assert [each.to for each in pair.mail.given] == [MAIL]


def test_an_account_that_is_suspended_later_stops_the_provider_too(pair: Post) -> None:
    message = pair.put()
    pair.deliver()
    with pair.database.write() as session:
        row = session.get_one(Message, message)
        row.error_code = "30002"
        receipts.not_delivered(session, row, MessageState.FAILED, Meaning.STOP, Timing(), pair.clock())
    assert why(pair) == [("twilio", "30002")]
    with pair.database.read() as session:
        told = session.scalars(select(Event).where(Event.kind == failover.STOPPED)).one()
    assert told.data == {"medium": "sms", "reason": "30002"}
    assert pair.states(message) == [MessageState.PENDING]


def test_which_ones_there_are_is_a_matter_of_configuration() -> None:
    settings = Messages.model_validate(
        {
            "sms": "seven",
            "sms_backup": "twilio",
            "seven": {"api_key": "key", "sender": "Amt"},
            "twilio": {"account_sid": ACCOUNT, "auth_token": "token", "sender": "Amt"},
        }
    )
    first = channels.providers(settings, Timing())[Medium.SMS]
    second = channels.backups(settings, Timing())[Medium.SMS]
    assert (type(first), type(second)) == (SevenSms, TwilioSms)
    assert channels.backups(Messages(), Timing()) == {}
    for wrong in (
        {"sms_backup": "twilio"},
        {"sms": "twilio"},
        settings.model_dump() | {"sms_backup": "seven"},
    ):
        with pytest.raises(ValueError, match=r"messages\.sms"):
            Messages.model_validate(wrong)


def test_what_matters_for_months_and_has_not_arrived_in_four_hours_goes_by_mail_too(post: Post) -> None:
    said = {
        "office_name": "Amt",
        "link": "https://example.org/",
        "watch_link": "https://example.org/",
        "step": "90",
        "due_at": "2027-02-25T08:30:00+00:00",
        "time_zone": "Europe/Berlin",
    }
    expiry = {"kind": "expiry", "parameters": said, "fallback_to": MAIL}
    late, arrived = post.put(**expiry), post.put(to="+4915123456780", **expiry)
    post.put(fallback_to=MAIL)
    post.deliver()
    post.change(arrived, state=MessageState.DELIVERED)
    for hours, many in ((3.9, 0), (0.1, 1), (0.1, 0)):
        post.clock.move(hours=hours)
        with post.database.write() as session:
            assert receipts.mail_too(session, Timing(), post.clock()) == many
    with post.database.read() as session:
        child = session.scalars(select(Message).where(Message.parent_id.is_not(None))).one()
    assert (child.parent_id, child.medium) == (late, Medium.MAIL)


def test_those_without_a_mail_address_do_not_stand_before_those_with_one(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "AT_ONCE", 2)
    said = dict.fromkeys(("office_name", "link", "watch_link"), "https://example.org/")
    said |= {"step": "early", "due_at": "2027-02-25T08:30:00+00:00", "time_zone": "Europe/Berlin"}
    for number in range(3):
        post.put(kind="expiry", parameters=said, to=f"+491512345679{number}")
    last = post.put(kind="expiry", parameters=said, fallback_to=MAIL)
    post.deliver()
    post.clock.move(hours=4)
    with post.database.write() as session:
        assert receipts.mail_too(session, Timing(), post.clock()) == 1
        child = session.scalars(select(Message).where(Message.parent_id.is_not(None))).one()
    assert child.parent_id == last
