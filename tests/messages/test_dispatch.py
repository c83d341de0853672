"""What is due leaves once; what cannot leave now waits, or takes another way."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from frontoffice.messages import failover, outbox, receipts, sweep
from frontoffice.messages.claiming import claim
from frontoffice.messages.dispatch import deliver_due
from frontoffice.messages.models import ChannelStop, Medium, Message, MessageState, Suppression
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Refused, Report
from frontoffice.messages.segments import segments
from frontoffice.messages.timing import Timing
from tests.messages.parts import MAIL, PHONE, Post, parameters


def test_what_is_due_leaves_with_its_text(post: Post) -> None:
    invitation = {"ends_at": "2026-11-25T09:00:00+00:00", "sequence": "0", "office_mail": "amt@example.org"}
    said = parameters(stamp="2026-11-23T07:00:00+00:00", **invitation)
    text, letter = post.put(), post.put(medium=Medium.MAIL, parameters=said)
    assert post.deliver() == 2
    assert post.sms.given[0].to == PHONE
    assert "K7M2-PXQ4" in post.sms.given[0].text
    assert post.mail.given[0].to == MAIL
    assert "METHOD:REQUEST" in post.mail.given[0].calendar
    assert post.sms.given[0].calendar == ""
    assert "<html" in post.mail.given[0].html
    assert post.states(text, letter) == [MessageState.SENT] * 2
    assert post.look(text).provider_id is not None
    assert post.deliver() == 0


def test_it_is_kept_how_many_parts_an_sms_took(post: Post) -> None:
    text, letter, refused = post.put(), post.put(medium=Medium.MAIL), post.put()
    post.sms.answers = [Accepted("SM1"), Refused(Meaning.DEAD, "21614")]
    post.deliver()
    given = {
        each: segments(outgoing.text) for each, outgoing in zip((text, refused), post.sms.given, strict=True)
    }
    assert post.look(text).parts == given[text] >= 1
    assert not post.look(letter).parts
    assert not post.look(refused).parts, "what was refused costs nothing"


def test_the_urgent_leave_first_and_nothing_before_its_time(post: Post) -> None:
    for number, (priority, minutes) in enumerate([(5, 0), (1, 0), (9, 0), (1, 30)]):
        post.put(
            medium=Medium.MAIL,
            to=f"m{number}@example.org",
            priority=priority,
            not_before=post.clock() + timedelta(minutes=minutes),
        )
    post.deliver()
    assert [each.to for each in post.mail.given] == ["m1@example.org", "m0@example.org", "m2@example.org"]
    post.clock.move(minutes=30)
    post.deliver()
    assert post.mail.given[-1].to == "m3@example.org"


def test_messages_to_one_phone_leave_one_after_the_other(post: Post) -> None:
    for _ in range(5):
        post.put()
    in_flight: list[int] = []

    def count(_outgoing: Outgoing) -> Outcome:
        with post.database.read() as session:
            sending = select(Message).where(Message.state == MessageState.SENDING)
            in_flight.append(len(session.scalars(sending).all()))
        return Accepted(f"SM{len(in_flight)}")

    post.sms.answers = [count] * 5
    assert post.deliver() == 5
    assert in_flight == [1] * 5


def test_two_workers_that_reach_for_the_same_phone_at_once_do_not_both_get_it(post: Post) -> None:
    messages = [post.put(), post.put()]
    second = threading.Thread(target=post.deliver)
    with post.database.write() as session:
        # One at a time: a larger claim would hold the lock of the second message too.
        batch = claim(session, post.delivery.settings, Timing(batch=1), post.clock(), {Medium.SMS: ["told"]})
        second.start()  # on PostgreSQL it sees the other message, for the first claim is not committed yet
        second.join(1)
    second.join(20)
    assert not second.is_alive()
    assert [each.id for each in batch.claimed] == [messages[0]]
    assert post.states(*messages) == [MessageState.SENDING, MessageState.PENDING]


@pytest.mark.parametrize(
    ("local", "leaves"),
    [
        ("2026-11-23T18:59:59", None),
        ("2026-11-23T19:00:00", "2026-11-24T07:00:00"),
        ("2026-10-24T22:00:00", "2026-10-25T07:00:00"),
        ("2027-03-27T22:00:00", "2027-03-28T06:00:00"),
    ],
)
def test_an_sms_waits_for_the_morning_and_a_mail_does_not(post: Post, local: str, leaves: str | None) -> None:
    post.clock.moment = datetime.fromisoformat(local).replace(tzinfo=UTC)
    message = post.put()
    post.put(medium=Medium.MAIL)
    post.deliver()
    assert len(post.mail.given) == 1
    if leaves is None:
        assert len(post.sms.given) == 1
        # The provider must not deliver it at night either.
        assert post.sms.given[0].valid_for == timedelta(seconds=1)
        return
    morning = datetime.fromisoformat(leaves).replace(tzinfo=UTC)
    assert (len(post.sms.given), post.look(message).not_before) == (0, morning)
    post.clock.moment = morning - timedelta(seconds=1)
    assert post.deliver() == 0
    post.clock.moment = morning
    assert post.deliver() == 1


def test_an_sms_that_would_wait_too_long_for_the_morning_becomes_a_mail(post: Post) -> None:
    post.clock.moment = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    message = post.put(expires_at=post.clock() + timedelta(hours=8), fallback_to=MAIL)
    post.deliver()
    assert post.look(message).state is MessageState.EXPIRED
    assert (len(post.sms.given), len(post.mail.given)) == (0, 1)


def test_what_is_refused_for_now_comes_back_later_and_later(post: Post) -> None:
    message = post.put(expires_at=post.clock() + timedelta(days=2))
    post.clock.moment = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    with post.database.write() as session:
        row = session.get(Message, message)
        assert row is not None
        row.not_before = post.clock()
    post.sms.answers = [Refused(Meaning.LATER, "20429")] * 9
    waits = []
    for _ in range(9):
        assert post.deliver() == 1
        waits.append((post.look(message).not_before - post.clock()).total_seconds())
        post.clock.moment = post.look(message).not_before
    for doubled, wait in zip([30, 60, 120, 240, 480, 960, 1920], waits, strict=False):
        assert 0.75 * doubled <= wait <= 1.25 * doubled
    assert max(waits) <= 3600
    assert post.deliver() == 1
    assert (post.look(message).state, post.look(message).attempts) == (MessageState.SENT, 10)


def test_a_wish_to_wait_longer_is_respected(post: Post) -> None:
    message = post.put()
    post.sms.answers = [Refused(Meaning.LATER, "20429", timedelta(minutes=10))]
    post.deliver()
    assert post.look(message).not_before == post.clock() + timedelta(minutes=10)


def test_what_cannot_be_tried_again_in_time_becomes_a_mail(post: Post) -> None:
    message = post.put(expires_at=post.clock() + timedelta(seconds=10), fallback_to=MAIL)
    post.sms.answers = [Refused(Meaning.LATER, "20429")]
    post.deliver()
    assert (post.look(message).state, post.look(message).error_code) == (MessageState.EXPIRED, "20429")
    assert [each.to for each in post.mail.given] == [MAIL]


def test_a_number_that_cannot_work_is_given_up_and_a_mail_goes_instead(post: Post) -> None:
    message = post.put(fallback_to=MAIL)
    post.sms.answers = [Refused(Meaning.DEAD, "21614")]
    post.deliver()
    assert (post.look(message).state, post.look(message).error_code) == (MessageState.DEAD, "21614")
    assert post.mail.given[0].to == MAIL
    with post.database.read() as session:
        child = session.scalars(select(Message).where(Message.parent_id == message)).one()
    assert (child.medium, child.kind, child.state) == (Medium.MAIL, "booked", MessageState.SENT)


def test_the_mail_instead_never_doubles_the_mail_that_goes_anyway(post: Post) -> None:
    post.put(fallback_to=MAIL, dedupe_key="appointment:5:booked:sms")
    post.put(medium=Medium.MAIL, dedupe_key="appointment:5:booked:mail")
    post.sms.answers = [Refused(Meaning.DEAD, "21614")]
    post.deliver()
    assert len(post.mail.given) == 1


def test_who_replied_stop_gets_no_sms_any_more(post: Post) -> None:
    first, second = post.put(fallback_to=MAIL), post.put(fallback_to=MAIL)
    post.sms.answers = [Refused(Meaning.SUPPRESS, "21610")]
    post.deliver()
    assert (len(post.sms.given), len(post.mail.given)) == (1, 2)
    assert post.states(first, second) == [MessageState.SUPPRESSED] * 2
    with post.database.read() as session:
        assert session.scalars(select(Suppression)).one().recipient == post.look(first).recipient


def test_who_opts_out_after_it_was_written_gets_nothing(post: Post) -> None:
    message = post.put()
    with post.database.write() as session:
        outbox.suppress(session, Medium.SMS, PHONE, "by link", post.clock())
    post.deliver()
    assert (post.look(message).state, post.sms.given) == (MessageState.SUPPRESSED, [])


def test_a_stopped_medium_keeps_its_messages_and_the_other_goes_on(post: Post) -> None:
    texts = [post.put(to=f"+491512345678{number}") for number in range(4)]
    for number in range(3):
        post.put(medium=Medium.MAIL, to=f"m{number}@example.org")
    post.sms.answers = [Refused(Meaning.STOP, "20003")]
    post.deliver()
    assert (len(post.sms.given), len(post.mail.given)) == (1, 3)
    assert post.states(*texts) == [MessageState.PENDING] * 4
    assert [post.look(each).attempts for each in texts] == [1, 0, 0, 0]
    with post.database.read() as session:
        assert session.scalars(select(ChannelStop)).one().reason == "20003"
    post.clock.move(minutes=14)
    assert post.deliver() == 0
    post.clock.move(minutes=10)
    post.deliver()
    assert post.states(*texts) == [MessageState.SENT] * 4


def test_a_stopped_medium_goes_again_when_the_worker_is_started_anew(post: Post) -> None:
    post.put()
    post.put(to="+4915123456780")
    post.sms.answers = [Refused(Meaning.STOP, "20003")]
    post.deliver()
    for seconds, many in ((59, 0), (1, 1)):  # not at every start of one that crashes again and again
        post.clock.move(seconds=seconds)
        with post.database.write() as session:
            sweep.try_anew(session, post.delivery.timing, post.clock())
            [stop] = failover.state(session)
            assert stop.since == post.clock() - timedelta(seconds=59 if many == 0 else 60)
        assert post.deliver() == many
    with post.database.read() as session:
        assert failover.state(session) == []


def test_a_text_that_cannot_be_written_does_not_hold_up_the_others(post: Post) -> None:
    broken = post.put(parameters=parameters(time_zone="Nowhere/Else"))
    fine = post.put(to="+4915123456780")
    post.deliver()
    assert post.states(broken, fine) == [MessageState.DEAD, MessageState.SENT]
    assert len(post.sms.given) == 1


def test_a_provider_that_breaks_leaves_it_open_whether_the_message_left(post: Post) -> None:
    def breaks(_outgoing: Outgoing) -> Outcome:
        raise RuntimeError

    post.sms.answers = [breaks]
    broken, fine = post.put(), post.put(to="+4915123456780")
    post.deliver()
    assert post.states(broken, fine) == [MessageState.UNKNOWN, MessageState.SENT]


def test_what_is_sealed_with_a_lost_key_is_for_a_person_to_look_at(post: Post) -> None:
    message = post.put()
    with post.database.write() as session:
        row = session.get(Message, message)
        assert row is not None
        row.envelope = b"sealed with another key"
    post.deliver()
    assert (post.look(message).state, post.sms.given) == (MessageState.DEAD, [])


def test_no_transaction_is_open_while_the_provider_is_asked(post: Post) -> None:
    post.put()

    def others_can_write(_outgoing: Outgoing) -> Outcome:
        post.put(to="+4915123456780", dedupe_key="written meanwhile:sms")
        return Accepted("SM1")

    post.sms.answers = [others_can_write]
    assert post.deliver() == 2


def test_a_worker_told_to_stop_finishes_one_and_gives_back_the_rest(post: Post) -> None:
    messages = [post.put(to=f"+491512345678{number}") for number in range(4)]
    deliver_due(post.delivery, stopping=lambda: len(post.sms.given) >= 1)
    states = [
        (post.look(each).state, post.look(each).attempts, post.look(each).lease_owner) for each in messages
    ]
    assert states == [(MessageState.SENT, 1, None)] + [(MessageState.PENDING, 0, None)] * 3


def test_a_slow_worker_begins_nothing_that_its_lease_might_not_cover(post: Post) -> None:
    for number in range(3):
        post.put(to=f"+491512345678{number}")
    owners: list[str | None] = []

    def slow(_outgoing: Outgoing) -> Outcome:
        post.clock.move(minutes=4, seconds=50)
        with post.database.read() as session:
            owners.extend(
                session.scalars(select(Message.lease_owner).where(Message.state == MessageState.SENDING))
            )
        return Accepted(f"SM{len(post.sms.given)}")

    post.sms.answers = [slow]
    assert post.deliver() == 3
    # The second message was claimed anew instead of being begun under the first lease.
    assert len(owners) == 3
    with post.database.read() as session:
        assert set(session.scalars(select(Message.attempt_started_at))) == {
            post.clock() - timedelta(minutes=4, seconds=50),
            post.clock(),
        }


def test_a_late_finisher_does_not_overwrite_what_was_found_out_meanwhile(post: Post) -> None:
    message = post.put()

    def paused_past_its_lease(_outgoing: Outgoing) -> Outcome:
        post.clock.move(minutes=6)
        with post.database.write() as session:
            assert sweep.lapse(session, post.delivery.timing, post.clock()) == 1
            row = session.get(Message, message)
            assert row is not None
            row.state, row.not_before = MessageState.PENDING, post.clock()
        assert post.deliver() == 1  # another worker
        return Refused(Meaning.DEAD, "21614")

    post.sms.answers = [paused_past_its_lease, Accepted("SM of the other worker")]
    post.deliver()
    assert post.look(message).state is MessageState.SENT
    assert post.look(message).provider_id == "SM of the other worker"
    assert post.look(message).error_code is None


def test_a_late_acceptance_counts_where_nobody_has_found_out_yet(post: Post) -> None:
    message = post.put()

    def paused_past_its_lease(_outgoing: Outgoing) -> Outcome:
        post.clock.move(minutes=6)
        with post.database.write() as session:
            sweep.lapse(session, post.delivery.timing, post.clock())
        return Accepted("SM late")

    post.sms.answers = [paused_past_its_lease]
    post.deliver()
    row = post.look(message)
    assert (row.state, row.provider_id, row.error_code) == (MessageState.SENT, "SM late", None)
    post.clock.move(minutes=3)
    assert (post.clarify(), post.deliver(), len(post.sms.given)) == (0, 0, 1)


def test_a_late_acceptance_does_not_bring_back_what_was_given_up(post: Post) -> None:
    message = post.put()

    def told_meanwhile(_outgoing: Outgoing) -> Outcome:
        post.clock.move(minutes=6)
        with post.database.write() as session:
            sweep.lapse(session, post.delivery.timing, post.clock())
        with post.database.write() as session:
            report = Report("told", "SM late", "undelivered", "30003", Meaning.RETRY, f"{message:x}/1")
            receipts.receive(session, report, post.delivery.timing, post.clock())
        return Accepted("SM late")

    post.sms.answers = [told_meanwhile]
    post.deliver()
    assert (post.look(message).state, post.look(message).provider_id) == (MessageState.PENDING, None)


def test_two_workers_share_the_work(post: Post) -> None:
    for number in range(40):
        post.put(to=f"+49151234567{number:02}")
    workers = [threading.Thread(target=post.deliver) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert len(post.sms.given) == 40
    assert len({each.key for each in post.sms.given}) == 40
