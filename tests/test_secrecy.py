"""Who people are stands nowhere in clear: not in the database, not in the log, whatever goes wrong on the way."""

import logging
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from frontoffice import worker
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.messages import channels
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.timing import Timing
from frontoffice.offices.models import Service
from frontoffice.web.app import create_app
from frontoffice.worker import Context, Job, tick
from tests.booking.conftest import planned, renewal, rules
from tests.booking.steps import at, book_it, hold_it
from tests.draw.steps import CLOSES, enter, make
from tests.messages.fake_twilio import ACCOUNT, SENDER, TOKEN, FakeTwilio, Fault
from tests.messages.test_smtp_mail import Start, start
from tests.waitlist.steps import join

__all__ = ["planned", "renewal", "rules", "start"]

ZOE = Person("Zoë Unverwechselbar", date(1961, 2, 13), "zoe.u+amt@beispiel.example", "+4915199887766")
KOFI = Person("Kofi Einzigartig", date(1962, 3, 14), "kofi@muster.example", "+4915188776655")
CLEAR = [
    *("Unverwechselbar", "unverwechselbar", "Einzigartig", "einzigartig", "Zoë", "Kofi", "kofi@", "zoe.u"),
    *("beispiel.example", "muster.example", "99887766", "88776655", "9988 7766", "998 87766"),
    *("1961-02-13", "13.02.1961", "1962-03-14", "14.03.1962"),
]
FAULTS = [Fault.ERROR_LOST, Fault.HANG_TAKEN, Fault.BUSY, Fault.GATEWAY, Fault.RESET_LOST, Fault.NONE]


def test_nobody_can_be_read_in_a_dump_or_in_the_log(
    database: Database,
    config: Config,
    renewal: Service,
    now: datetime,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = {"code": 21614, "message": f"'To' number {KOFI.phone} is not a mobile number", "status": 400}
    with FakeTwilio(plan=lambda number: FAULTS[number % len(FAULTS)], hang=0.5) as fake:
        fake.refuse = {KOFI.phone or "": (400, refusal)}
        context = _context(database, config, fake)
        with time_machine.travel(now, tick=False):
            _, token = hold_it(database, config, renewal, at(24, "8:00"), now)
            book_it(database, config, token, now, ZOE)
            join(database, config, KOFI, now)
            enter(database, config, make(database, now), ZOE)
        for minutes in (0, 3, 5, 10, 60, 26 * 60):
            with time_machine.travel(now + timedelta(minutes=minutes), tick=True):
                for job in worker.JOBS:
                    tick(job, context)
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "message.answered" in logged
    assert "job.failed" not in logged
    for word in CLEAR:
        assert word not in logged
    dumped = _dump(database)
    assert b"gAAAAA" in dumped, "what is sealed is there"
    for word in CLEAR:
        assert word.encode() not in dumped, word
    with time_machine.travel(max(CLOSES, now) + timedelta(days=60), tick=False):
        for job in worker.JOBS:
            tick(job, context)
    with database.read() as session:
        over = select(Message.envelope).where(Message.final_at <= now + timedelta(days=2))
        contents = session.scalars(over).all()
        states = set(session.scalars(select(Message.state)))
    assert contents
    assert set(contents) == {None}, "a week after its end a message has no contents"
    assert MessageState.DEAD in states


def test_what_comes_back_from_outside_names_nobody_in_the_log_or_in_a_dump(
    database: Database,
    config: Config,
    renewal: Service,
    now: datetime,
    start: Start,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = start()
    server.replies["RCPT"] = f"550 5.1.1 <{ZOE.mail}>: user zoe.u is unknown here"

    def broken(_context: Context) -> None:
        raise ValueError(f"cannot write to {KOFI.name} at {KOFI.mail}, {KOFI.phone}")

    with FakeTwilio() as fake, time_machine.travel(now, tick=False):
        context = _context(database, config, fake, server.port)
        _, token = hold_it(database, config, renewal, at(24, "8:00"), now)
        book_it(database, config, token, now, ZOE)
        for job in worker.JOBS:
            tick(job, context)
        with database.read() as session:
            found = session.scalars(select(Message).where(Message.medium == Medium.SMS)).one()
        door = create_app(context.config, database).test_client()
        report = {"MessageSid": found.provider_id or "", "MessageStatus": "undelivered", "ErrorCode": "30005"}
        report |= {"To": ZOE.phone or "", "ErrorMessage": f"{ZOE.phone} is gone"}
        stop = {"MessageSid": "SM99", "From": ZOE.phone or "", "To": SENDER, "Body": "STOP"}
        chat = stop | {"MessageSid": "SM98", "Body": f"I am {ZOE.name}, born 13.02.1961, {ZOE.mail}"}
        path = f"/twilio/status/{found.id:x}/{found.attempts:x}"
        assert [
            _post(door, path, report),
            *(_post(door, "/twilio/inbound", each) for each in (stop, chat)),
        ] == [*(204, 200, 200)]
        assert _post(door, "/twilio/inbound", stop, signature="forged") == 403
        tick(Job("broken", 60, broken), context)
    caplog.handler.records[:] = [
        each for each in caplog.records if each.name != "mail.log"
    ]  # the server's own
    logged = "".join(capfd.readouterr()) + "".join(caplog.handler.format(each) for each in caplog.records)
    for event in (
        "message.reported",
        "reply.received",
        "recipient.opted_out",
        "callback.not_signed",
        "job.failed",
    ):
        assert event in logged
    assert "ValueError" in logged
    assert "550" in logged
    dumped = _dump(database)
    for word in CLEAR:
        assert word not in logged
        assert word.encode() not in dumped, word


def _post(door: FlaskClient, path: str, form: dict[str, str], signature: str | None = None) -> int:
    """Post a form as Twilio does."""
    signed = signature or RequestValidator(TOKEN).compute_signature(f"http://localhost{path}", form)
    return door.post(path, data=form, headers={"X-Twilio-Signature": signed}).status_code


def _context(database: Database, config: Config, fake: FakeTwilio, mail_port: int = 1) -> Context:
    """As in real life: SMS through a provider that has its faults, mail through a server that may not be there."""
    told = config.messages.model_dump() | {
        "sms": "twilio",
        "mail": "smtp",
        "quiet_from": 0,
        "quiet_until": 0,
        "twilio": {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": SENDER, "base_url": fake.url()},
        "smtp": {"host": "127.0.0.1", "port": mail_port, "security": "none", "sender": "amt@example.org"},
    }
    settings = config.model_copy(update={"messages": type(config.messages).model_validate(told)})
    timing = Timing(connect=timedelta(seconds=1), answer=timedelta(seconds=0.3))
    providers = channels.providers(settings.messages, timing)
    assert set(providers) == set(Medium)
    delivery = Delivery(database, providers, settings.messages, timing)
    return Context(settings, database, delivery, stopping=lambda: False)


def _dump(database: Database) -> bytes:
    """Everything that is in any table."""
    with database.read() as session:
        values = [
            value
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
            for value in row
        ]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
