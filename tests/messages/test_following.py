"""Staff can follow what became of a message, and do something about those that reached nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from frontoffice.events import Event
from frontoffice.messages import following, retention, sweep
from frontoffice.messages.following import Followed, NoLongerWaiting, Overtaken, TooLateToSend
from frontoffice.messages.models import Medium, MessageState, Receipt
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Refused
from tests.messages.parts import MAIL, PHONE, Post

LANDLINE = Refused(Meaning.DEAD, "21614")


def unreached(post: Post) -> list[Followed]:
    with post.database.read() as session:
        return following.unreached(session, post.office, post.clock())


def retry(post: Post, message: int) -> None:
    with post.database.write() as session:
        following.retry(session, message, post.office, post.clock(), "account:1")


def close(post: Post, message: int) -> None:
    with post.database.write() as session:
        following.close(session, message, post.office, post.clock(), "account:1")


def test_everything_about_an_appointment_is_listed_with_its_text_until_that_is_deleted(post: Post) -> None:
    post.sms.answers = [LANDLINE]
    first = post.put(subject="appointment:7", fallback_to=MAIL)
    post.put(subject="appointment:70")
    post.deliver()
    post.clock.move(hours=1)
    post.put(subject="appointment:7", kind="reminder", not_before=post.clock() + timedelta(hours=2))
    with post.database.read() as session:
        listed = following.of_subject(session, "appointment:7")
    assert [(each.kind, each.medium, each.state, each.to) for each in listed] == [
        ("booked", Medium.SMS, MessageState.DEAD, "+49 … 789"),
        ("booked", Medium.MAIL, MessageState.SENT, "m…@example.org"),
        ("reminder", Medium.SMS, MessageState.PENDING, "+49 … 789"),
    ]
    assert (listed[0].code, listed[1].stands_in) == ("21614", first)
    assert listed[1].left_at == post.clock() - timedelta(hours=1)
    assert listed[2].due == post.clock() + timedelta(hours=2)
    assert all(each.text and "K7M2-PXQ4" in each.text.text for each in listed)
    assert not any("abcdefghijklmnopqrstuvwx" in f"{each.text}" for each in listed), "the link's secret"
    assert not any(each.needs_somebody for each in listed), "the mail stands in for the SMS"
    post.clock.move(days=8)
    with post.database.write() as session:
        retention.redact(session, post.delivery.timing.keep, post.clock())
    with post.database.read() as session:
        listed = following.of_subject(session, "appointment:7")
    assert [(each.to, each.text) for each in listed[:2]] == [(None, None)] * 2


def test_what_reached_nobody_is_sent_again_by_a_person(post: Post) -> None:
    post.sms.answers = [LANDLINE, Accepted("SM1", "queued")]
    dead = post.put()
    post.deliver()
    [listed] = unreached(post)
    assert (listed.id, listed.needs_somebody, listed.text) == (dead, True, None)
    post.clock.move(minutes=5)
    retry(post, dead)
    assert unreached(post) == []
    assert post.deliver() == 1
    assert post.states(dead) == [MessageState.SENT]
    assert post.look(dead).error_code is None
    for act in (retry, close):
        with pytest.raises(NoLongerWaiting):
            act(post, dead)
    with post.database.read() as session:
        told = session.execute(select(Event.kind, Event.actor, Event.subject)).all()
    assert told == [("message.retried", "account:1", "appointment:1")]


def test_what_is_closed_is_not_listed_and_not_sent(post: Post) -> None:
    post.sms.answers = [LANDLINE]
    dead = post.put()
    post.deliver()
    close(post, dead)
    assert unreached(post) == []
    with pytest.raises(NoLongerWaiting):
        retry(post, dead)
    message = post.look(dead)
    assert (message.state, message.attended_by) == (MessageState.DEAD, "account:1")


def test_another_office_sees_and_changes_nothing(post: Post) -> None:
    post.sms.answers = [LANDLINE]
    dead = post.put()
    post.deliver()
    with post.database.write() as session:
        assert following.unreached(session, post.office + 1, post.clock()) == []
        for act in (following.retry, following.close):
            with pytest.raises(following.NotFound):
                act(session, dead, post.office + 1, post.clock(), "account:1")


def test_only_what_needs_somebody_is_listed(post: Post) -> None:
    post.sms.answers = [LANDLINE] * 3
    in_mail_anyway = post.put(dedupe_key="a:sms", to="+4915123456701")
    post.put(medium=Medium.MAIL, dedupe_key="a:mail")
    post.put(fallback_to=MAIL, to="+4915123456702")
    taken_back = post.put(to="+4915123456703", subject="appointment:99")
    soon_over = post.clock() + timedelta(minutes=5)
    fleeting = post.put(kind="next", parameters={"ticket": "A017"}, expires_at=soon_over)
    late = post.put(to="+4915123456704", expires_at=soon_over)
    post.change(fleeting, not_before=soon_over)
    post.change(late, not_before=soon_over)
    post.deliver()
    post.change(taken_back, cancelled_at=post.clock())
    post.clock.move(minutes=6)
    with post.database.write() as session:
        sweep.expire(session, post.clock())
    assert post.states(in_mail_anyway, taken_back, fleeting, late) == [
        MessageState.DEAD,
        MessageState.DEAD,
        MessageState.EXPIRED,
        MessageState.EXPIRED,
    ]
    assert [each.id for each in unreached(post)] == [late]
    with post.database.read() as session:
        assert following.count_unreached(session, post.clock()) == 1
    post.clock.move(days=31)
    assert unreached(post) == []


def test_a_mail_that_reaches_nobody_either_stands_in_for_nothing(post: Post) -> None:
    post.sms.answers = [LANDLINE] * 4
    failed = []
    for number, state in enumerate([MessageState.SUPPRESSED, MessageState.CANCELLED, MessageState.SENT]):
        key = f"a:sms:{number}"  # only the end of a key names the medium
        failed.append(post.put(dedupe_key=f"{key}:sms", to=f"+491512345670{number}"))
        mail = post.put(
            medium=Medium.MAIL, dedupe_key=f"{key}:mail", not_before=post.clock() + timedelta(hours=1)
        )
        post.change(mail, state=state, final_at=post.clock())
    no_mailbox = post.put(to="+4915123456705", dedupe_key="b:sms", fallback_to=MAIL)
    post.mail.answers = [Refused(Meaning.DEAD, "550")]
    post.deliver()
    post.deliver()
    listed = unreached(post)
    assert {each.id for each in listed if each.medium is Medium.SMS} == {*failed[:2], no_mailbox}
    assert [each.code for each in listed if each.medium is Medium.MAIL] == ["550"]


def test_sending_again_is_offered_while_it_is_of_use(post: Post) -> None:
    post.sms.answers = [LANDLINE]
    dead = post.put(expires_at=post.clock() + timedelta(hours=2))
    late = post.put(to="+4915123456780", not_before=post.clock() + timedelta(hours=3))
    post.change(late, expires_at=post.clock() + timedelta(hours=1))
    post.deliver()
    post.clock.move(hours=1)
    with post.database.write() as session:
        sweep.expire(session, post.clock())
    assert {each.id: each.may_be_sent for each in unreached(post)} == {dead: True, late: False}
    post.clock.move(hours=1)
    assert not any(each.may_be_sent for each in unreached(post))


def test_an_old_text_is_not_sent_after_a_newer_one(post: Post) -> None:
    post.sms.answers = [LANDLINE]
    dead = post.put(subject="appointment:7")
    post.deliver()
    post.clock.move(minutes=1)
    post.put(subject="appointment:7", kind="reminder", to="+4915123456780")
    retry(post, dead)  # a reminder says nothing new
    post.sms.answers = [LANDLINE, Accepted("SM9")]
    post.deliver()
    post.clock.move(minutes=1)
    post.put(subject="appointment:7", kind="cancelled")
    with pytest.raises(Overtaken):
        retry(post, dead)
    assert post.states(dead) == [MessageState.DEAD]
    close(post, dead)


def test_nothing_is_sent_that_comes_too_late(post: Post) -> None:
    post.sms.answers = [LANDLINE]
    dead = post.put(expires_at=post.clock() + timedelta(hours=1))
    post.deliver()
    post.clock.move(hours=1)
    with pytest.raises(TooLateToSend):
        retry(post, dead)
    close(post, dead)


def test_what_the_provider_had_taken_is_remembered_when_it_is_sent_again(post: Post) -> None:
    post.sms.answers = [Accepted("SM1", "queued"), Accepted("SM2", "queued")]
    failed = post.put()
    post.deliver()
    post.change(failed, state=MessageState.FAILED, provider="told", provider_id="SM1", error_code="30005")
    retry(post, failed)
    post.deliver()
    assert post.look(failed).provider_id == "SM2"
    with post.database.read() as session:
        kept = session.execute(select(Receipt.provider_id, Receipt.status, Receipt.message_id)).all()
    assert kept == [("SM1", "given up", failed)]


def test_an_address_is_shown_only_as_far_as_needed() -> None:
    assert following.masked(Medium.SMS, PHONE) == "+49 … 789"
    assert following.masked(Medium.MAIL, MAIL) == "m…@example.org"
