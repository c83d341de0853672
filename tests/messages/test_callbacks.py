"""What providers bring to our door: only what they have signed counts, once, and in whatever order it comes."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from frontoffice import clock
from frontoffice.config import Config
from frontoffice.messages import receipts
from frontoffice.messages.models import MessageState, Receipt, Suppression
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Refused
from frontoffice.messages.timing import Timing
from frontoffice.web.app import create_app
from tests.conftest import KEY
from tests.messages.fake_twilio import ACCOUNT, SENDER, TOKEN
from tests.messages.parts import MAIL, PHONE, Post
from tests.web.nasty import NASTY

BASE = "https://termin.example.org/amt"
SIGNING_KEY = "a signing key for tests"


@pytest.fixture
def door(post: Post, database_url: str, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Our door, reached under another address than the public one: behind a proxy. It goes by the clock of the post."""
    monkeypatch.setattr(clock, "now", post.clock)
    post.sms.name = "twilio"
    config = Config.model_validate(
        {
            "site": {"base_url": BASE, "secret_keys": [KEY]},
            "database": {"url": database_url},
            "messages": {
                "sms": "twilio",
                "sms_backup": "seven",
                "twilio": {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": SENDER},
                "seven": {"api_key": "key", "signing_key": SIGNING_KEY, "sender": "Amt"},
            },
        }
    )
    return create_app(config, post.database).test_client()


def tell(door: FlaskClient, path: str, signed: str | None = None, **form: str) -> int:
    """Post a form as Twilio does; `signed` is the address that it has signed, if it is another one."""
    signature = RequestValidator(TOKEN).compute_signature(signed or BASE + path, form)
    return door.post(path, data=form, headers={"X-Twilio-Signature": signature}).status_code


def status(door: FlaskClient, post: Post, message: int, word: str, sid: str = "SM1", **more: str) -> int:
    """A status callback for the message's latest attempt."""
    path = f"/twilio/status/{message:x}/{post.look(message).attempts:x}"
    return tell(door, path, MessageSid=sid, MessageStatus=word, **more)


def sent(post: Post, **changes: Any) -> tuple[int, str]:
    """A message that the provider has taken, and its id there."""
    message = post.put(**changes)
    assert post.deliver() == 1
    return message, post.look(message).provider_id or ""


def test_receipts_move_a_message_up_and_never_back(post: Post, door: FlaskClient) -> None:
    message, sid = sent(post)
    for word, state in [
        ("delivered", MessageState.DELIVERED),
        ("sent", MessageState.DELIVERED),  # late
        ("undelivered", MessageState.DELIVERED),  # delivered beats it
        ("delivered", MessageState.DELIVERED),  # twice
        ("something new", MessageState.DELIVERED),
    ]:
        assert status(door, post, message, word, sid, SomethingNew="1") == 204
        assert post.look(message).state is state
    other, sid = sent(post, to="+4915123456780", fallback_to=MAIL)
    for word in ("sending", "undelivered", "sent", "queued"):
        status(door, post, other, word, sid, ErrorCode="30005")
    assert (post.look(other).state, post.look(other).error_code) == (MessageState.UNDELIVERED, "30005")
    status(door, post, other, "delivered", sid)
    assert (post.look(other).state, post.look(other).error_code) == (MessageState.DELIVERED, None)
    post.deliver()
    assert [each.to for each in post.mail.given] == [MAIL]


def test_only_what_is_signed_for_our_public_address_counts(post: Post, door: FlaskClient) -> None:
    message, sid = sent(post)
    path = f"/twilio/status/{message:x}/1"
    delivered = {"MessageSid": sid, "MessageStatus": "delivered"}
    assert tell(door, path, f"http://localhost{path}", **delivered) == 403  # what the Host header says
    assert door.post(path, data=delivered).status_code == 403
    assert door.post(path, data=delivered, headers={"X-Twilio-Signature": "é"}).status_code == 403
    assert tell(door, path, BASE + f"/twilio/status/{message + 1:x}/1", **delivered) == 403
    assert post.look(message).state is MessageState.SENT
    with post.database.read() as session:
        assert session.scalars(select(Receipt)).all() == []
    # Percent-encoded and with a query, as it was called; and with the prefix that a proxy may leave on.
    odd = f"/twilio/stat%75s/{message:x}/1?a=%20b&c"
    assert tell(door, odd, **delivered) == 204
    assert post.look(message).state is MessageState.DELIVERED


def test_a_receipt_before_our_own_commit_says_that_it_has_left(post: Post, door: FlaskClient) -> None:
    message = post.put()
    seen: list[MessageState] = []

    def reports_at_once(_outgoing: Any) -> Refused:
        for word in ("delivered", "sent", "delivered"):
            status(door, post, message, word)
            seen.append(post.look(message).state)
        return Refused(Meaning.UNKNOWN, "ReadTimeout")

    post.sms.answers = [reports_at_once]
    post.deliver()
    assert seen == [MessageState.DELIVERED] * 3
    assert (post.look(message).state, post.look(message).provider_id) == (MessageState.DELIVERED, "SM1")
    post.clock.move(hours=1)
    assert (post.clarify(), post.deliver()) == (0, 0)


@pytest.mark.parametrize("looked", [False, True])
def test_a_receipt_settles_what_was_unclear_also_when_it_is_about_to_leave_again(
    post: Post, door: FlaskClient, looked: bool
) -> None:
    message = post.put()
    post.sms.answers = [Refused(Meaning.UNKNOWN, "500")]
    post.deliver()
    if looked:
        for minutes in (2, 1):
            post.clock.move(minutes=minutes)
            post.clarify()
        assert post.look(message).state is MessageState.PENDING
    status(door, post, message, "sent")
    assert post.look(message).state is MessageState.SENT
    post.clock.move(hours=2)
    assert (post.deliver(), len(post.sms.given)) == (0, 1)


def test_a_receipt_that_nobody_knows_yet_is_kept_and_counts_later(post: Post, door: FlaskClient) -> None:
    message = post.put()
    path = "/twilio/status/ffffff/1"
    assert tell(door, path, MessageSid="SM7", MessageStatus="delivered") == 204
    assert tell(door, "/twilio/status/nohex/zz", MessageSid="SM8", MessageStatus="delivered") == 204
    assert post.look(message).state is MessageState.PENDING
    post.change(message, state=MessageState.SENT, provider="twilio", provider_id="SM7", attempts=1)
    with post.database.write() as session:
        assert receipts.catch_up(session, Timing(), clock.now()) == 1
        assert receipts.catch_up(session, Timing(), clock.now()) == 0
    assert post.look(message).state is MessageState.DELIVERED


def test_a_phone_out_of_reach_is_tried_twice_more_and_then_a_mail_goes(post: Post, door: FlaskClient) -> None:
    # What was not taken before does not count: the provider was busy.
    post.sms.answers = [Refused(Meaning.LATER, "20429")] * 3
    message, sid = sent(post, fallback_to=MAIL)
    for _ in range(3):
        post.change(message, not_before=post.clock())
        post.deliver()
    sid, waits = post.look(message).provider_id or "", []
    for _ in range(2):
        status(door, post, message, "undelivered", sid, ErrorCode="30003")
        status(door, post, message, "failed", sid, ErrorCode="30003")  # the same once more
        assert post.look(message).state is MessageState.PENDING
        waits.append(post.look(message).not_before - clock.now())
        post.change(message, not_before=post.clock())
        assert post.deliver() == 1
        sid = post.look(message).provider_id or ""
    assert [round(each / timedelta(minutes=1)) for each in waits] == [10, 20]
    status(door, post, message, "undelivered", sid, ErrorCode="30003")
    assert post.look(message).state is MessageState.UNDELIVERED
    post.deliver()
    assert (len(post.sms.given), [each.to for each in post.mail.given]) == (6, [MAIL])


def test_bad_news_of_an_attempt_that_was_given_up_does_not_disturb_the_next_one(
    post: Post, door: FlaskClient
) -> None:
    message, sid = sent(post)
    status(door, post, message, "undelivered", sid, ErrorCode="30003")
    post.change(message, not_before=post.clock())

    def meanwhile(_outgoing: Any) -> Accepted:
        status(door, post, message, "failed", sid, ErrorCode="30003")
        return Accepted("SM of the second attempt", "queued")

    post.sms.answers = [meanwhile]
    post.deliver()
    found = post.look(message)
    assert (found.state, found.provider_id) == (MessageState.SENT, "SM of the second attempt")
    post.clock.move(hours=2)
    assert (post.deliver(), len(post.sms.given)) == (0, 2)


def test_what_arrives_after_all_is_not_sent_again(post: Post, door: FlaskClient) -> None:
    message, sid = sent(post, fallback_to=MAIL)
    status(door, post, message, "undelivered", sid, ErrorCode="30003")
    status(door, post, message, "delivered", sid)
    assert post.look(message).state is MessageState.DELIVERED
    post.clock.move(hours=3)
    assert (post.deliver(), len(post.sms.given), post.mail.given) == (0, 1, [])


@pytest.mark.parametrize(
    ("text", "gets_more"),
    [
        ("STOP", False),
        ("  stopp! ", False),
        ("Ende.", False),
        ("Стоп", False),
        ("„STOP“ SMS bitte", False),
        ("Stop, ich komme zu spät", True),
        ("Bis zum Ende der Woche", True),
        ("", True),
        ("Nein", True),
    ],
)
def test_stop_ends_it_and_start_takes_it_back(
    post: Post, door: FlaskClient, text: str, gets_more: bool
) -> None:
    answer = {"MessageSid": "SM5", "From": PHONE, "To": SENDER}
    assert tell(door, "/twilio/inbound", Body=text, **answer) == 200
    post.put()
    assert post.deliver() == gets_more
    tell(door, "/twilio/inbound", Body="START", **(answer | {"MessageSid": "SM6"}))
    post.put()
    post.deliver()
    assert len(post.sms.given) == 1 + gets_more
    # An old text that is handed over again, as providers do, changes nothing any more.
    tell(door, "/twilio/inbound", Body=text, **answer)
    with post.database.read() as session:
        assert session.scalars(select(Suppression)).all() == []
        kept = session.scalars(select(Receipt)).all()
    assert {(each.status, each.error_code) for each in kept} == {("received", None)}


def test_a_text_that_nobody_signed_ends_nothing(post: Post, door: FlaskClient) -> None:
    answer = {"MessageSid": "SM5", "From": PHONE, "Body": "STOP"}
    assert tell(door, "/twilio/inbound", "https://evil.example.org/twilio/inbound", **answer) == 403
    post.put()
    assert post.deliver() == 1


def seven(door: FlaskClient, event: str, key: str = SIGNING_KEY, age: int = 0, **data: str) -> int:
    """A webhook as seven.io sends and signs it."""
    body = json.dumps({"webhook_event": event, "data": data}).encode()
    stamp = str(int(clock.now().timestamp()) - age)
    lines = (stamp, "n" * 32, "POST", BASE + "/seven/events", hashlib.md5(body).hexdigest())
    signature = hmac.new(key.encode(), "\n".join(lines).encode(), "sha256").hexdigest()
    headers = {"X-Timestamp": stamp, "X-Nonce": "n" * 32, "X-Signature": signature}
    return door.post("/seven/events", data=body, content_type="application/json", headers=headers).status_code


def test_the_other_provider_is_heard_too(post: Post, door: FlaskClient) -> None:
    message, sid = sent(post, fallback_to=MAIL)
    post.change(message, provider="seven")
    for wrong in ({"key": "another"}, {"age": 3600}):
        assert seven(door, "dlr", msg_id=sid, status="DELIVERED", **wrong) == 403  # type: ignore[arg-type]
    assert seven(door, "dlr", msg_id=sid, status="TRANSMITTED") == 204
    assert post.look(message).state is MessageState.SENT
    assert seven(door, "dlr", msg_id=sid, status="REJECTED") == 204
    assert (post.look(message).state, post.look(message).error_code) == (MessageState.FAILED, "REJECTED")
    assert seven(door, "sms_mo", id="77", sender=PHONE[1:], text="Stopp") == 204
    post.put()
    assert post.deliver() == 1
    assert [each.to for each in post.mail.given] == [MAIL]


def test_whatever_stands_in_what_a_provider_signed_is_answered(post: Post, door: FlaskClient) -> None:
    message, sid = sent(post)
    address = f"/twilio/status/{message:x}/{post.look(message).attempts:x}"
    report = {"MessageSid": sid, "MessageStatus": "failed", "ErrorCode": "30003"}
    reply = {"MessageSid": "SM5", "From": PHONE, "Body": "STOP"}
    other_report, other_reply = (
        {"msg_id": sid, "status": "REJECTED"},
        {"id": "7", "sender": PHONE, "text": "Stopp"},
    )
    heard: list[int] = []
    for nasty in NASTY:
        elsewhere = f"/twilio/status/{quote(nasty, safe='')}/1"
        heard += [
            *(tell(door, address, **report | {name: nasty}) for name in report),
            *(tell(door, "/twilio/inbound", **reply | {name: nasty}) for name in reply),
            *(seven(door, "dlr", **other_report | {name: nasty}) for name in other_report),
            *(seven(door, "sms_mo", **other_reply | {name: nasty}) for name in other_reply),
            seven(door, nasty, msg_id=sid),
            tell(door, elsewhere, **report),
        ]
    assert [code for code in heard if code >= 500] == []
    assert heard.count(204) > 5 * len(NASTY), "what is signed is read"


def test_a_provider_that_is_not_configured_is_not_heard(client: FlaskClient) -> None:
    assert [client.post(path).status_code for path in ("/twilio/status/1/1", "/seven/events")] == [404, 404]


def test_two_ids_for_one_message_are_told_to_a_person(
    post: Post, door: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    message, sid = sent(post)
    status(door, post, message, "delivered", "SM of another attempt")
    assert post.look(message).provider_id == sid
    assert "message.left_twice" in capsys.readouterr().out
