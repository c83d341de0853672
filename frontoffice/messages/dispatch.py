"""Sending what is due: claim, commit, call the provider outside any transaction, record the answer, commit.

A crash between these steps leaves a message in SENDING. When its lease runs out it becomes UNKNOWN, never
PENDING: it may have left.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from frontoffice import clock as clocks
from frontoffice.config import Messages
from frontoffice.db import Database
from frontoffice.messages import failover, frequency, second_look, settle, writing
from frontoffice.messages.claiming import Claimed, claim
from frontoffice.messages.models import Medium, Message
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Outcome, Provider, Providers, Refused
from frontoffice.messages.segments import segments
from frontoffice.messages.timing import Timing

log = structlog.get_logger(__name__)

# So often may two workers reach for the same phone at once before one of them leaves it for the next tick.
MOST_COLLISIONS = 5
DEADLOCK = "40P01"  # PostgreSQL's code for it


@dataclass(frozen=True, slots=True)
class Delivery:
    """What delivering needs. It spans transactions, so it reads the clock itself, through `clock`.

    One of the `backups` takes over while the provider of its medium is stopped. `public_url`: where our pages are.
    """

    database: Database
    providers: Providers
    settings: Messages
    timing: Timing
    clock: Callable[[], datetime] = clocks.now
    backups: Providers = field(default_factory=dict)
    public_url: str = ""
    strikes: dict[str, int] = field(default_factory=dict)  # failures in a row, by provider

    def carriers(self, medium: Medium) -> list[Provider]:
        """The providers for a medium, the preferred one first."""
        return [each[medium] for each in (self.providers, self.backups) if medium in each]

    def asked(self, medium: Medium, name: str | None) -> Provider | None:
        """The provider of that name; None where it is not configured any more. Nobody else knows what it has taken."""
        return next((each for each in self.carriers(medium) if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said to a message: handed over at `begun`, answered at `at`."""

    claimed: Claimed
    outcome: Outcome
    begun: datetime
    at: datetime
    parts: int = 0  # of an SMS

    @property
    def is_accepted(self) -> bool:
        """Whether the provider has taken it."""
        return isinstance(self.outcome, Accepted)


def deliver_due(delivery: Delivery, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send everything that is due, or until `stopping`; says how many messages were handed to a provider."""
    sent = collisions = 0
    many = delivery.timing.batch
    names = {medium: [each.name for each in delivery.carriers(medium)] for medium in delivery.providers}
    while not stopping():
        begin = delivery.clock()
        try:
            with delivery.database.write() as session:
                batch = claim(session, delivery.settings, delivery.timing, begin, names, many)
        except DBAPIError as error:
            collisions += 1
            if not _is_collision(error) or collisions > MOST_COLLISIONS:
                raise
            continue
        collisions = 0
        if not batch.looked_at:
            break
        sent += _send_all(delivery, batch.claimed, stopping)
        many = _how_many(delivery.timing, many, delivery.clock() - begin)
    return sent


def _how_many(timing: Timing, many: int, took: timedelta) -> int:
    """How many to claim next: more where the last ones left at once. Whatever is urgent waits for those at most."""
    if took > timing.turn:
        return max(timing.batch, many // 2)
    return min(2 * many, max(timing.batch, timing.most_at_once))


def _is_collision(error: DBAPIError) -> bool:
    """Whether another worker has just claimed a message to the same phone; the next look sees that."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) == DEADLOCK


def _send_all(delivery: Delivery, claimed: list[Claimed], stopping: Callable[[], bool]) -> int:
    left: list[Claimed] = []
    stopped: set[Medium] = set()
    answers: list[Answer] = []
    begin = delivery.clock()
    for place, each in enumerate(claimed):
        begun = delivery.clock()
        is_slow = place > 0 and begun - begin > delivery.timing.patience
        if each.medium in stopped or is_slow or stopping() or not _may_leave(delivery, each, place, begun):
            left.append(each)
            continue
        outcome, parts = _send(delivery, each, begun)
        answers.append(Answer(each, outcome, begun, delivery.clock(), parts))
        if _stops(delivery, each, outcome):
            stopped.add(each.medium)
        if not _can_wait(delivery, answers):
            _record(delivery, answers)
            answers = []
    _record(delivery, answers)
    if left:
        _give_back(delivery, left)
    return len(claimed) - len(left)


def _may_leave(delivery: Delivery, claimed: Claimed, place: int, now: datetime) -> bool:
    """Whether nothing has come in between since the claim: time, a cancellation, an opt-out."""
    if now > claimed.lease_until - delivery.timing.margin or now >= claimed.valid_until:
        return False
    if place == 0:
        return True  # that was the claim itself
    with delivery.database.read() as session:
        return second_look.may_leave(session, claimed)


def _stops(delivery: Delivery, claimed: Claimed, outcome: Outcome) -> bool:
    """Whether the provider is of no use for the next message either: it says so, or has failed often in a row."""
    if isinstance(outcome, Accepted):
        delivery.strikes.pop(claimed.provider, None)
        return False
    if claimed.medium is Medium.SMS and outcome.is_failure:
        delivery.strikes[claimed.provider] = delivery.strikes.get(claimed.provider, 0) + 1
    return _why_stopped(delivery, claimed, outcome) is not None


def _why_stopped(delivery: Delivery, claimed: Claimed, outcome: Outcome) -> str | None:
    if isinstance(outcome, Accepted):
        return None
    if outcome.meaning is Meaning.STOP or _fails_on_trial(claimed, outcome):
        return outcome.code
    if _struck_out(delivery, claimed.provider):
        return f"{outcome.code} ({delivery.timing.strikes} times in a row)"
    return None


def _fails_on_trial(claimed: Claimed, outcome: Refused) -> bool:
    """Whether a provider of SMS that was stopped still gives no answer."""
    return claimed.on_trial and claimed.medium is Medium.SMS and outcome.is_failure


def _struck_out(delivery: Delivery, provider: str) -> bool:
    return delivery.strikes.get(provider, 0) >= delivery.timing.strikes


def _can_wait(delivery: Delivery, answers: list[Answer]) -> bool:
    """Whether the last answer can wait for another one, to be written with it in one transaction.

    Only for moments: what a crash finds unwritten becomes UNKNOWN. Providers over a network take longer than that
    for a single message, so there every answer is written before the next message leaves.
    """
    first, last = answers[0], answers[-1]
    return isinstance(last.outcome, Accepted) and abs(last.at - first.begun) < delivery.timing.together


def _send(delivery: Delivery, claimed: Claimed, now: datetime) -> tuple[Outcome, int]:
    """What the provider says, and how many parts an SMS takes."""
    try:
        outgoing = writing.outgoing(claimed, delivery.database.vault, delivery.public_url, now)
    except Exception as error:  # whatever is wrong with one text must not keep the others from leaving
        log.error("message.unwritable", id=claimed.id, kind=claimed.kind, error=type(error).__name__)
        return Refused(Meaning.DEAD, "text"), 0
    parts = segments(outgoing.text) if claimed.medium is Medium.SMS else 0
    try:
        provider = delivery.asked(claimed.medium, claimed.provider)
        assert provider is not None  # it was chosen from among them
        return provider.send(outgoing), parts
    except Exception as error:  # its text may hold an address, so only its kind is logged
        log.error("provider.broken", id=claimed.id, medium=claimed.medium, error=type(error).__name__)
        return Refused(Meaning.UNKNOWN, "exception"), parts


def _record(delivery: Delivery, answers: list[Answer]) -> None:
    """Write down what the provider said, all in one transaction; where that fails, in ever smaller parts."""
    try:
        kept = _write(delivery, answers)
    except DBAPIError:
        if len(answers) == 1:
            raise
        middle = len(answers) // 2
        try:
            _record(delivery, answers[:middle])
        finally:  # what is wrong with one answer must not keep the others from being written
            _record(delivery, answers[middle:])
        return
    for answer, in_time in zip(answers, kept, strict=True):
        outcome = answer.outcome
        log.info(
            "message.answered",
            id=answer.claimed.id,
            kind=answer.claimed.kind,
            medium=answer.claimed.medium,
            result="accepted" if isinstance(outcome, Accepted) else f"{outcome.meaning}: {outcome.code}",
            late=not in_time,
        )


def _write(delivery: Delivery, answers: list[Answer]) -> list[bool]:
    """Which of the messages were still this worker's."""
    if not answers:
        return []
    with delivery.database.write() as session:
        kept = [_settle(delivery, session, answer) for answer in answers]
        parts = sum(answer.parts for answer in answers)
        if parts and frequency.is_paced(delivery.settings):
            frequency.spend(session, parts, delivery.settings, answers[-1].at)
        _switch(delivery, session, answers)
    for answer in answers:
        if _struck_out(delivery, answer.claimed.provider):
            del delivery.strikes[answer.claimed.provider]
    return kept


def _settle(delivery: Delivery, session: Session, answer: Answer) -> bool:
    claimed, outcome = answer.claimed, answer.outcome
    if isinstance(outcome, Accepted):
        return settle.accepted(
            session, claimed.id, claimed.owner, outcome, answer.at, parts=answer.parts
        ) or settle.accepted_late(session, claimed.id, claimed.attempt, claimed.provider, outcome, answer.at)
    message = _still_ours(session, claimed)
    if message is not None:
        others = len(delivery.carriers(claimed.medium)) > 1
        settle.refused(session, message, outcome, delivery.timing, answer.at, others=others)
    return message is not None


def _switch(delivery: Delivery, session: Session, answers: list[Answer]) -> None:
    """Let the providers go again that were on trial and send, stop those that are of no use, and tell so."""
    mended = {each.claimed.provider for each in answers if each.claimed.on_trial and each.is_accepted}
    news: list[tuple[Answer, str]] = []
    for answer in answers:
        claimed = answer.claimed
        if reason := _why_stopped(delivery, claimed, answer.outcome):
            mended.discard(claimed.provider)
            if failover.stop(session, claimed.provider, claimed.medium, reason, answer.at):
                news.append((answer, reason))
    if mended:
        failover.resume(session, sorted(mended), answers[-1].at)
    for answer, reason in news:  # events come last
        failover.tell(session, answer.claimed.provider, answer.claimed.medium, reason, answer.at)


def _give_back(delivery: Delivery, claimed: list[Claimed]) -> None:
    """Messages that were claimed and not begun: as if they never had been."""
    now = delivery.clock()
    with delivery.database.write() as session:
        for each in claimed:
            message = _still_ours(session, each)
            if message is not None:
                settle.give_back(session, message, now)


def _still_ours(session: Session, claimed: Claimed) -> Message | None:
    return session.scalar(
        select(Message)
        .where(Message.id == claimed.id, Message.lease_owner == claimed.owner)
        .with_for_update()
    )
