"""The fault campaign: several real workers, real kill -9, a lying provider. Its ledger says what was doubled or lost.

`python -m benchmarks.faults --seeds 10` runs it ten times on each database.
"""

import logging
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session
from werkzeug.serving import BaseWSGIServer, make_server

from frontoffice import clock, config
from frontoffice.db import Database
from frontoffice.messages import outbox
from frontoffice.messages.models import FINAL, Medium, Message, MessageState
from frontoffice.offices.models import Office
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from tests.conftest import KEY
from tests.messages.fake_telling import Teller, Telling, Tellings
from tests.messages.fake_twilio import SENDER, TOKEN, FakeTwilio, Fault, Plan, Taken
from tests.messages.parts import MAIL, parameters
from tests.messages.processes import Workers, wait_until

MESSAGES, PHONES = 36, 12
HOURS = timedelta(hours=2)
STALL = 4  # seconds; a lease is 2.5 here
CANCELLED, STOPPED_PHONE = (
    5,
    7,
)  # the message that is cancelled, and the phone that sends STOP, in the midst of it
STATES_WITHOUT_TRACE = {
    MessageState.DEAD,
    MessageState.UNDELIVERED,
    MessageState.SUPPRESSED,
    MessageState.CANCELLED,
}


@dataclass
class Verdict:
    """What the ledger says. Lost: neither on a phone, nor in a final state that says why, with a mail instead."""

    seed: int
    doubled: list[str]
    lost: list[str]
    unattached: list[str]
    kills: int
    requests: int
    seconds: float
    faults: set[Fault]
    tellings: set[Telling]
    answers: Counter[int]
    forged: list[int]
    logs: str = ""
    left_to_people: int = 0
    messages: int = MESSAGES


@dataclass
class Campaign:
    """One seed on one database, with an empty outbox and all tables."""

    database_url: str
    folder: Path
    seed: int

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.database = Database(self.database_url, Vault([KEY]))
        self.stalled: set[str] = set()

    def run(self) -> Verdict:
        """Everything from the first message to the last, and what came of it. The office's clock may be wrong."""
        before = os.environ.get(clock.OFFSET_VARIABLE)
        os.environ[clock.OFFSET_VARIABLE] = str(self.dice.choice([-1, 0, 1]) * HOURS.total_seconds())
        try:
            return self._run()
        finally:
            del os.environ[clock.OFFSET_VARIABLE]
            os.environ |= {clock.OFFSET_VARIABLE: before} if before else {}
            self.database.close()

    def _run(self) -> Verdict:
        began = time.monotonic()
        self._enqueue()
        lag = self.dice.choice([0, 0.3])
        with (
            FakeTwilio(
                self._faults(),
                hang=1,
                clock_ahead=self.dice.choice([-1, 0, 1]) * HOURS,
                list_fails=lambda number: number % 7 == 3,
                lag=lag,
                # Else a receipt would settle at once what has to be found out.
                silent_after=frozenset({Fault.HANG_TAKEN, Fault.RESET_TAKEN, Fault.KILL_TAKEN}),
                salt=f"{self.seed % 256:02x}",
            ) as fake,
            Workers(self.folder, self.database_url, fake) as workers,
        ):
            with Door(self.database_url, workers) as door:
                fake.teller = Teller(TOKEN, self._tellings(), workers.public_url, door.url)
                fake.on_kill = workers.kill
                self._drive(workers, fake)
                assert workers.stop() == [0, 0], workers.logs()
                fake.teller.close()
                self._drain()
            return self._judge(fake, workers, time.monotonic() - began)

    def _enqueue(self) -> None:
        now = clock.now()
        with self.database.write() as session:
            office_id = session.scalar(select(Office.id)) or _office(session)
            for number in range(MESSAGES):
                outbox.enqueue(
                    session,
                    kind="booked",
                    medium=Medium.SMS,
                    to=phone(number),
                    language="en",
                    office_id=office_id,
                    subject=f"appointment:{number}",
                    dedupe_key=f"appointment:{number}:booked:sms",
                    parameters=parameters(reference=f"message {number}."),
                    expires_at=now + timedelta(hours=1),
                    fallback_to=MAIL,
                    now=now,
                )

    def _faults(self) -> Plan:
        """Every fault, at seeded places among the first requests."""
        faults = [fault for fault in Fault if fault is not Fault.NONE]
        places = self.dice.sample(range(1, MESSAGES - 8), len(faults))
        planned = dict(zip(places, faults, strict=True))
        return lambda number: planned.get(number, Fault.NONE)

    def _tellings(self) -> Tellings:
        others = [way for way in Telling if way is not Telling.USUAL]
        places = self.dice.sample(range(MESSAGES - 8), 2 * len(others))
        planned = dict(zip(places, others * 2, strict=True))
        all_lost = self.seed % 5 == 4  # now and then nobody hears anything at all
        return lambda number: Telling.LOST if all_lost else planned.get(number, Telling.USUAL)

    def _drive(self, workers: Workers, fake: FakeTwilio) -> None:
        """Keep two workers alive until all is over, and do to them what happens to processes."""
        acts: dict[int, Callable[[], object]] = {
            MESSAGES // 6: self._cancel,
            MESSAGES // 5: lambda: fake.teller.inbound(
                f"{workers.public_url}/twilio/inbound",
                {"MessageSid": "SMinbound", "From": phone(STOPPED_PHONE), "To": SENDER, "Body": "Stopp!"},
            ),
            MESSAGES // 4: lambda: self._stall(workers),
            MESSAGES // 3: lambda: threading.Thread(target=self._lock).start(),
        }

        def all_is_over() -> bool:
            for at in [each for each in acts if len(fake.met) >= each]:
                acts.pop(at)()
            done = self._unfinished() == 0
            for name in ("first", "second"):
                if name not in workers.running or workers.running[name].poll() is not None:
                    workers.start(name)
                    done = False  # ask both to stop only once both run
                elif (
                    not done
                    and name not in self.stalled
                    and workers.kills < 10
                    and self.dice.random() < 0.004
                ):
                    workers.kill(name)  # at any moment at all
            return done and not self.stalled

        wait_until(all_is_over, 180, workers.logs)

    def _cancel(self) -> None:
        with self.database.write() as session:
            outbox.cancel(session, f"appointment:{CANCELLED}", clock.now())

    def _stall(self, workers: Workers) -> None:
        """A worker stops where it is, past its lease, and goes on as if nothing had been."""
        name = self.dice.choice(sorted(workers.running))
        if workers.running[name].poll() is None:
            stopped = workers.running[name]
            stopped.send_signal(signal.SIGSTOP)
            self.stalled.add(name)
            # By a clock of its own: stopped within a transaction, it may hold up even those who look.
            threading.Timer(STALL, self._wake, [name, stopped]).start()

    def _wake(self, name: str, stopped: "subprocess.Popen[bytes]") -> None:
        stopped.send_signal(signal.SIGCONT)
        self.stalled.discard(name)

    def _lock(self) -> None:
        """Somebody else holds the whole table for a moment."""
        with self.database.write() as session:
            if not self.database.is_sqlite:
                session.execute(text("LOCK TABLE message IN ACCESS EXCLUSIVE MODE"))
            session.scalar(select(func.count(Message.id)))
            time.sleep(0.5)

    def _unfinished(self) -> int:
        with self.database.read() as session:
            query = select(func.count(Message.id)).where(
                Message.state.not_in(FINAL), Message.medium == Medium.SMS
            )
            return session.scalar(query) or 0

    def _drain(self) -> None:
        """A receipt that came after the workers' end may have put a message back: that is not their loss."""
        with self.database.write() as session:
            session.execute(
                update(Message)
                .where(Message.state == MessageState.PENDING, Message.medium == Medium.SMS)
                .values(state=MessageState.UNDELIVERED)
            )

    def _judge(self, fake: FakeTwilio, workers: Workers, seconds: float) -> Verdict:
        arrived = Counter(name_in(taken) for taken in fake.arrived())
        by_sid = {taken.sid: name_in(taken) for taken in fake.ledger}
        with self.database.read() as session:
            rows = session.scalars(
                select(Message).where(Message.medium == Medium.SMS).order_by(Message.id)
            ).all()
        names = {row.id: f"message {row.subject.partition(':')[2]}" for row in rows}
        lost = [
            names[row.id]
            for row in rows
            if not arrived[names[row.id]] and row.state not in STATES_WITHOUT_TRACE
        ]
        return Verdict(
            seed=self.seed,
            doubled=[name for name, times in arrived.items() if times > 1],
            lost=lost,
            unattached=[
                names[row.id]
                for row in rows
                if row.provider_id and by_sid.get(row.provider_id) != names[row.id]
            ],
            kills=workers.kills,
            requests=len(fake.met),
            seconds=seconds,
            faults=set(fake.met),
            tellings=set(fake.teller.met),
            answers=Counter(fake.teller.answers),
            forged=fake.teller.forged,
            logs=workers.logs(),
            left_to_people=sum(row.state is MessageState.DEAD for row in rows),
        )


@dataclass
class Door:
    """The office's web server, where receipts come in. Its address is not the public one: a proxy stands before it."""

    database_url: str
    workers: Workers

    def __enter__(self) -> "Door":
        settings = config.load(self.workers.configuration("door"), {})
        self._database = Database(self.database_url, Vault(settings.site.secret_keys))
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, create_app(settings, self._database), threaded=True
        )
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._database.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"


def phone(number: int) -> str:
    """The phone of a message; several go to each."""
    return f"+49151234567{number % PHONES:02}"


def name_in(taken: Taken) -> str:
    """Which message it is, by its text."""
    return taken.body.split("Code ")[1].split(".")[0]


def _office(session: Session) -> int:
    office = Office(
        slug="musterstadt",
        name="Musterstadt",
        street="Rathausplatz 1",
        postal_code="12345",
        city="Musterstadt",
        phone="+4930123456",
        mail="info@example.org",
        land="BE",
        languages=["de", "en"],
    )
    session.add(office)
    session.flush()
    return office.id
