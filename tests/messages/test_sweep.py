"""The outbox is kept tidy."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from frontoffice.messages import inbox, retention, sweep
from frontoffice.messages.models import Medium, Message, MessageState, Receipt
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Refused
from tests.messages.parts import MAIL, PHONE, Post


def test_what_comes_too_late_is_given_up_and_nothing_goes_instead(post: Post) -> None:
    late = post.put(expires_at=post.clock() + timedelta(hours=1), fallback_to=MAIL)
    later = post.put(expires_at=post.clock() + timedelta(hours=1, seconds=1), to="+4915123456780")
    post.clock.move(hours=1)
    with post.database.write() as session:
        assert sweep.expire(session, post.clock()) == 1
    post.deliver()
    assert post.states(late, later) == [MessageState.EXPIRED, MessageState.SENT]
    assert post.mail.given == []


def test_what_will_not_be_tried_again_in_time_goes_by_mail_while_that_is_of_use(post: Post) -> None:
    post.sms.answers = [Refused(Meaning.LATER, "20429", wait=timedelta(minutes=40))]
    last = post.put(expires_at=post.clock() + timedelta(minutes=30), fallback_to=MAIL)
    post.deliver()
    post.deliver()
    assert post.states(last) == [MessageState.EXPIRED]
    assert [each.to for each in post.mail.given] == [MAIL]
    with post.database.write() as session:
        assert sweep.expire(session, post.clock() + timedelta(hours=1)) == 0


def test_contents_go_a_week_after_the_end_and_the_hash_stays(post: Post) -> None:
    sent = post.put()
    post.deliver()
    waiting = post.put(
        not_before=post.clock() + timedelta(days=30), expires_at=post.clock() + timedelta(days=31)
    )
    recipient = post.look(sent).recipient
    post.clock.move(days=6, hours=23)
    with post.database.write() as session:
        assert retention.redact(session, post.delivery.timing.keep, post.clock()) == 0
    post.clock.move(hours=1)
    with post.database.write() as session:
        assert retention.redact(session, post.delivery.timing.keep, post.clock()) == 1
        assert retention.redact(session, post.delivery.timing.keep, post.clock()) == 0
    message = post.look(sent)
    assert (message.envelope, message.recipient, message.redacted_at) == (None, recipient, post.clock())
    assert post.look(waiting).envelope is not None


def test_the_inbox_shows_what_left_and_what_is_to_come(post: Post) -> None:
    post.put()
    post.deliver()
    post.clock.move(minutes=1)
    post.put(medium=Medium.MAIL, language="en")
    post.deliver()
    post.put(kind="reminder", not_before=post.clock() + timedelta(hours=5))
    with post.database.read() as session:
        arrived, to_come = inbox.arrived(session, 10), inbox.to_come(session, 10)
        assert [each.id for each in inbox.arrived(session, 1)] == [arrived[0].id]
    assert [(each.kind, each.medium, each.to) for each in arrived] == [
        ("booked", Medium.MAIL, MAIL),
        ("booked", Medium.SMS, PHONE),
    ]
    assert [each.when for each in arrived] == [post.clock(), post.clock() - timedelta(minutes=1)]
    assert [(each.kind, each.when) for each in to_come] == [("reminder", post.clock() + timedelta(hours=5))]
    assert "Reminder" in to_come[0].text
    assert "<html" in arrived[0].html
    assert arrived[0].subject.startswith("Your appointment on")
    assert (to_come[0].segments, arrived[0].segments) == (1, 0)


def test_the_inbox_leaves_out_what_was_redacted(post: Post) -> None:
    post.put()
    post.deliver()
    post.clock.move(days=8)
    with post.database.write() as session:
        retention.redact(session, post.delivery.timing.keep, post.clock())
        assert session.scalars(select(Message)).one().envelope is None
        assert inbox.arrived(session, 10) == []


def test_the_rest_of_a_row_goes_much_later_with_its_receipts(post: Post) -> None:
    post.sms.answers = [Refused(Meaning.DEAD, "21614")]
    text = post.put(fallback_to=MAIL)
    post.deliver()
    post.clock.move(days=8)
    with post.database.write() as session:
        assert retention.redact(session, post.delivery.timing.keep, post.clock()) == 2
        letter = session.scalars(select(Message.id).where(Message.id != text)).one()
        session.execute(
            update(Message).where(Message.id == letter).values(redacted_at=post.clock.move(days=1))
        )
        for number, message in enumerate([text, None]):
            session.add(
                Receipt(
                    provider="told",
                    provider_id=f"SM{number}",
                    status="sent",
                    message_id=message,
                    received_at=post.clock(),
                )
            )
    keep = timedelta(days=400)
    with post.database.write() as session:
        assert retention.forget(session, keep, post.clock.move(days=398)) == 0
        assert retention.forget(session, keep, post.clock.move(days=1)) == 1
    assert post.look(letter).parent_id is None
    with post.database.write() as session:
        assert session.scalars(select(Receipt)).all() == []
        assert retention.forget(session, keep, post.clock.move(days=1)) == 1
    assert post.count() == 0


def test_many_contents_go_in_parts(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(3):
        post.put(medium=Medium.MAIL, to=f"m{number}@example.org")
    post.deliver()
    post.clock.move(days=8)
    with post.database.write() as session:
        assert [retention.redact(session, timedelta(days=7), post.clock()) for _ in range(3)] == [2, 1, 0]
