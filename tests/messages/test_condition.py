"""The outbox tells how it is doing."""

from datetime import timedelta

from frontoffice.messages import condition, failover
from frontoffice.messages.models import Medium
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Refused
from frontoffice.operations.metrics import exposition
from tests.messages.parts import Post


def lines(post: Post) -> set[str]:
    with post.database.read() as session:
        told = exposition(session, post.clock()).decode()
    return {
        each.removeprefix("frontoffice_messages_") for each in told.splitlines() if not each.startswith("#")
    }


def test_delay_is_counted_from_when_a_message_was_due_over_all_attempts(post: Post) -> None:
    for number in range(9):
        post.put(medium=Medium.MAIL, to=f"m{number}@example.org")
    post.clock.move(seconds=2)
    post.deliver()
    post.put(medium=Medium.MAIL)
    post.mail.answers = [Refused(Meaning.LATER, "450")]
    post.deliver()
    post.clock.move(minutes=2)
    post.deliver()
    with post.database.read() as session:
        sms, mail = condition.delays(session, post.clock())
    assert (sms.accepted, list(sms.quantiles)) == (0, [])
    assert mail.accepted == 10
    assert [each.total_seconds() for each in mail.quantiles] == [2, 120, 120]


def test_the_night_is_no_delay(post: Post) -> None:
    post.clock.move(hours=12)  # ten in the evening
    post.put()
    post.deliver()
    post.clock.move(hours=10)
    with post.database.read() as session:
        assert [(each.due, each.age) for each in condition.queues(session, post.clock())] == [
            (1, timedelta(0)),
            (0, timedelta(0)),
        ]
    post.clock.move(seconds=3)
    assert post.deliver() == 1
    with post.database.read() as session:
        assert condition.delays(session, post.clock())[0].quantiles[0] == timedelta(seconds=3)


def test_queue_outcomes_failures_and_stops_are_told(post: Post) -> None:
    post.sms.answers = [
        Refused(Meaning.DEAD, "21614"),
        Refused(Meaning.UNKNOWN, "500"),
        Accepted("SM1", "queued"),
    ]
    for number in range(3):
        post.put(to=f"+491512345670{number}")
    post.deliver()
    with post.database.write() as session:
        failover.stop(session, "told", Medium.SMS, "20003", post.clock())
    post.clock.move(minutes=1)
    post.put(to="+4915123456709")
    post.clock.move(minutes=4)
    told = lines(post)
    assert {
        'outcomes{kind="booked",medium="sms",state="dead"} 1.0',
        'outcomes{kind="booked",medium="sms",state="sent"} 1.0',
        'accepted{medium="sms"} 1.0',
        'delay_seconds{medium="sms",quantile="0.99"} 0.0',
        "unreached 1.0",
        'unclear{medium="sms"} 1.0',
        'due{medium="sms"} 2.0',
        'due{medium="mail"} 0.0',
        'queue_age_seconds{medium="sms"} 300.0',
        'provider_stopped{medium="sms",provider="told"} 1.0',
    } <= told, told
