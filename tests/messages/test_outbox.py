"""Messages are put into the outbox with the fact that causes them, once, and can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from frontoffice.db import Database
from frontoffice.messages import outbox
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Refused
from frontoffice.vault import Vault
from tests.conftest import KEY
from tests.messages.parts import MAIL, PHONE, Post, parameters


def test_the_same_key_twice_gives_one_row(post: Post) -> None:
    values = post.values(Medium.SMS)

    def put(_number: int) -> bool:
        with post.database.write() as session:
            return outbox.enqueue(session, **values) is not None

    with ThreadPoolExecutor(8) as threads:
        written = list(threads.map(put, range(16)))
    assert written.count(True) == 1
    assert post.count() == 1


def test_many_messages_are_written_at_once_and_each_only_once(post: Post) -> None:
    drafts = [
        outbox.Draft(**{key: value for key, value in post.values(medium).items() if key != "now"})
        for medium in (Medium.SMS, Medium.MAIL) * 13
    ]
    with post.database.write() as session:
        outbox.suppress(session, Medium.SMS, PHONE, "opted out", post.clock())
        first = outbox.enqueue_all(session, drafts[:2], post.clock())
    with post.database.write() as session:
        ids = outbox.enqueue_all(session, [*drafts, drafts[5]], post.clock())
        assert outbox.enqueue_all(session, [], post.clock()) == []
    assert [number is None for number in ids] == [True, True, *[False] * 24, True]
    written = [*first, *ids[2:-1]]
    for draft, number in zip(drafts, written, strict=True):
        assert number is not None
        message = post.look(number)
        envelope = unseal(post.database.vault, message.envelope)
        assert envelope is not None
        assert (message.dedupe_key, envelope.to) == (draft.dedupe_key, draft.to)
        assert (message.state is MessageState.SUPPRESSED) == (draft.medium is Medium.SMS)
        assert (message.final_at is None) == (draft.medium is Medium.MAIL)


def test_one_wrong_message_keeps_all_from_being_written(post: Post) -> None:
    right, wrong = (
        outbox.Draft(**{key: value for key, value in post.values(Medium.MAIL).items() if key != "now"})
        for _ in range(2)
    )
    with post.database.write() as session, pytest.raises(ValueError, match="a key must end"):
        outbox.enqueue_all(session, [right] * 21 + [replace(wrong, dedupe_key="x")], post.clock())
    assert post.count() == 0


def test_a_message_is_gone_with_the_fact_that_was_undone(post: Post) -> None:
    def book_and_fail() -> None:
        with post.database.write() as session:
            assert outbox.enqueue(session, **post.values(Medium.MAIL)) is not None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        book_and_fail()
    assert post.count() == 0


def test_address_and_contents_cannot_be_read_in_the_database(post: Post) -> None:
    post.put(fallback_to=MAIL)
    post.put(medium=Medium.MAIL)
    with post.database.read() as session:
        stored = str(session.execute(text("SELECT * FROM message")).all())
    for secret in (PHONE, PHONE[3:], MAIL, "K7M2PXQ4", "Renewal", "abcdefghijklmnopqrstuvwx"):
        assert secret not in stored


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "unheard of"},
        {"parameters": {"link": "https://example.org"}},
        {"parameters": parameters(name="Maria Muster")},
        {"dedupe_key": "appointment:1:booked:mail"},
        {"dedupe_key": "x" * 200 + ":sms"},
    ],
)
def test_what_could_not_be_sent_is_refused_at_once(post: Post, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"kind|unknown|key"):
        post.put(**wrong)
    assert post.count() == 0


def test_who_opted_out_gets_nothing_but_the_mail_that_they_still_want(post: Post) -> None:
    with post.database.write() as session:
        outbox.suppress(session, Medium.SMS, PHONE, "opted out", post.clock())
        outbox.suppress(session, Medium.SMS, PHONE, "opted out again", post.clock())
    message = post.put(fallback_to=MAIL)
    assert post.look(message).state is MessageState.SUPPRESSED
    post.deliver()
    assert (len(post.sms.given), [each.to for each in post.mail.given]) == (0, [MAIL])


def test_an_opt_out_holds_after_the_keys_were_rotated(post: Post, database_url: str) -> None:
    message = post.put()
    with post.database.write() as session:
        row = session.get(Message, message)
        assert row is not None
        outbox.suppress(session, Medium.SMS, PHONE, "opted out", row.created_at)
    rotated = Database(database_url, Vault(["a newer key, also long enough to be one", KEY]))
    with rotated.write() as session:
        digests = outbox.recipient_digests(rotated.vault, Medium.SMS, PHONE)
        assert digests[0] != row.recipient
        assert outbox.find_suppressed(session, digests) == {row.recipient}
    rotated.close()


def test_cancelling_takes_back_what_has_not_left(post: Post) -> None:
    reminder = post.put(kind="reminder", subject="appointment:7")
    confirmation = post.put(kind="booked", subject="appointment:7", to="+4915123456780")
    other = post.put(kind="reminder", subject="appointment:8", to="+4915123456781")
    with post.database.write() as session:
        assert outbox.cancel(session, "appointment:7", post.clock(), kinds=["reminder"]) == 1
        assert outbox.cancel(session, "appointment:7", post.clock(), kinds=["reminder"]) == 0
    post.deliver()
    assert post.states(reminder, confirmation, other) == [
        MessageState.CANCELLED,
        MessageState.SENT,
        MessageState.SENT,
    ]
    assert post.look(reminder).final_at == post.clock()


def test_what_is_cancelled_while_being_sent_is_not_tried_again(post: Post) -> None:
    message = post.put(fallback_to=MAIL, subject="appointment:7")

    def cancelled_meanwhile(_outgoing: object) -> Refused:
        with post.database.write() as session:
            assert outbox.cancel(session, "appointment:7", post.clock()) == 0
        return Refused(Meaning.LATER, "20429")

    post.sms.answers = [cancelled_meanwhile]
    post.deliver()
    post.clock.move(hours=2)
    post.deliver()
    assert post.look(message).state is MessageState.CANCELLED
    assert (len(post.sms.given), len(post.mail.given)) == (1, 0)


def test_the_database_lets_one_sms_to_a_phone_be_in_flight(post: Post) -> None:
    first, second = post.put(), post.put()
    change = text("UPDATE message SET state = :state WHERE id = :id")
    with post.database.write() as session:
        session.execute(change, {"state": "unknown", "id": first})
    with pytest.raises(IntegrityError), post.database.write() as session:
        session.execute(change, {"state": "sending", "id": second})
    other = post.put(to="+4915123456780")
    with post.database.write() as session:
        session.execute(change, {"state": "sending", "id": other})
