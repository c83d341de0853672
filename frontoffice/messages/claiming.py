"""Claiming what is due: a conditional UPDATE makes a message this worker's to send, for the time of a lease."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import String, and_, bindparam, case, cast, exists, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from frontoffice import vault as vaults
from frontoffice.config import Messages
from frontoffice.messages import failover, frequency, outbox, quiet, settle, suppression
from frontoffice.messages.envelope import Envelope, unseal
from frontoffice.messages.models import IN_FLIGHT, Medium, Message, MessageState
from frontoffice.messages.timing import Timing
from frontoffice.offices.models import Office
from frontoffice.quick import Quick

# What is looked at of a message that is due; most messages need no more than that.
_COLUMNS = (
    Message.id,
    Message.kind,
    Message.medium,
    Message.language,
    Message.dedupe_key,
    Message.recipient,
    Message.envelope,
    Message.expires_at,
    Message.attempts,
    Office.time_zone,
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until `lease_until`."""

    id: int
    owner: str
    lease_until: datetime
    valid_until: datetime  # it must not leave later than that, nor be delivered
    kind: str
    medium: Medium
    language: str
    key: str
    envelope: Envelope
    digests: tuple[str, ...]  # the keyed hashes that stand for its recipient, that of the current key first
    attempt: int
    provider: str  # who is to be asked
    on_trial: bool  # whether that was stopped, and has rested

    @property
    def tag(self) -> str:
        """What the provider is to give back with a report: message and attempt, in hex."""
        return f"{self.id:x}/{self.attempt:x}"


@dataclass(frozen=True, slots=True)
class Batch:
    """What a claim brought. `looked_at` counts also those that were found not to leave now."""

    claimed: list[Claimed]
    looked_at: int


@dataclass(frozen=True, slots=True)
class _Due:
    """A message that is due, as it was read."""

    id: int
    kind: str
    medium: Medium
    language: str
    key: str
    recipient: str
    sealed: bytes | None
    expires_at: datetime
    attempts: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What decides whether a message leaves now: opt-outs, how often phones have rung, and who carries a medium."""

    suppressed: set[str]
    muted: set[tuple[str, str]]
    left: dict[str, list[datetime]]
    carriers: dict[Medium, str]
    on_trial: set[str]
    in_flight: set[str]  # phones to which something is on its way, under whichever key


def claim(
    session: Session,
    settings: Messages,
    timing: Timing,
    now: datetime,
    names: Mapping[Medium, Sequence[str]],
    many: int | None = None,
) -> Batch:
    """Claim the next messages (`timing.batch`, or `many`), the most urgent first.

    `names`: the providers of each medium, the preferred one first; one that is stopped is left out. Messages that may
    not leave now (quiet hours, opted out meanwhile, too many to one phone) are put aside on the way. Raises
    DBAPIError where another worker was faster.
    """
    owner, vault = uuid4().hex, vaults.of(session)
    carriers, on_trial = _carriers(session, settings, timing, now, names)
    closed = {f"no_{medium}": "" if medium in carriers else medium.value for medium in Medium}
    values = {"now": now, "many": many or timing.batch, **closed}
    due = [_Due(*row) for row in _DUE.run(session, values)] if carriers else []
    opened = {each.id: unseal(vault, each.sealed) for each in due}
    digests = {
        each.id: tuple(outbox.recipient_digests(vault, each.medium, envelope.to))
        for each in due
        if (envelope := opened[each.id])
    }
    known = _look_up(session, due, digests, carriers, on_trial, now)
    chosen: dict[str, Claimed] = {}
    for each in due:
        envelope = opened[each.id]
        if envelope is None:
            message = session.get_one(Message, each.id)
            message.error_code = "unreadable"
            settle.close(session, message, MessageState.DEAD, now)
        elif _is_muted(each, digests[each.id], known):
            message = session.get_one(Message, each.id)
            settle.close(session, message, MessageState.SUPPRESSED, now, by_mail=False)
        elif not known.suppressed.isdisjoint(digests[each.id]):
            settle.close(session, session.get_one(Message, each.id), MessageState.SUPPRESSED, now)
        elif later := _not_before(each, digests[each.id], known, settings, now):
            message = session.get_one(Message, each.id)
            settle.again(session, message, now, later - now, on_purpose=True)
        elif not known.in_flight.isdisjoint(digests[each.id]):
            settle.again(session, session.get_one(Message, each.id), now, timing.urgent_waits[0])
        else:
            one_at_a_time = digests[each.id][0] if each.medium is Medium.SMS else each.key
            if one_at_a_time not in chosen:
                mine = _claimed(each, envelope, digests[each.id], owner, settings, timing, now, known)
                chosen[one_at_a_time] = mine
    session.flush()
    taken = _take(session, _one_on_trial(chosen.values()), owner, carriers, timing, now)
    return Batch([each for each in chosen.values() if each.id in taken], len(due))


def _one_on_trial(chosen: Iterable[Claimed]) -> list[Claimed]:
    """All, but only the first for a provider that was stopped: what becomes of that one says whether it is mended."""
    kept, tried = list[Claimed](), set[str]()
    for each in chosen:
        if each.provider not in tried:
            kept.append(each)
        if each.on_trial:
            tried.add(each.provider)
    return kept


def _carriers(
    session: Session,
    settings: Messages,
    timing: Timing,
    now: datetime,
    names: Mapping[Medium, Sequence[str]],
) -> tuple[dict[Medium, str], set[str]]:
    """Who carries each medium now, none where all are stopped; and which providers have just rested from a stop."""
    stops = failover.state(session)
    resting = failover.at_rest(stops, timing.stop, now)
    first = {
        medium: next((name for name in several if name not in resting), None)
        for medium, several in names.items()
    }
    if frequency.is_paced(settings) and not frequency.may_go(session, now):
        first[Medium.SMS] = None
    carriers = {medium: name for medium, name in first.items() if name is not None}
    return carriers, {each.provider for each in stops} - resting


def _look_up(
    session: Session,
    due: list[_Due],
    digests: dict[int, tuple[str, ...]],
    carriers: dict[Medium, str],
    on_trial: set[str],
    now: datetime,
) -> _Known:
    everybody = set().union(*digests.values())
    with_topic = {each.id for each in due if suppression.topic_of(each.kind)}
    by_sms = {each.id for each in due if each.medium is Medium.SMS and each.kind not in frequency.AT_ANY_RATE}
    some = set().union(*(digests.get(each, ()) for each in with_topic))
    phones = set().union(*(digests.get(each, ()) for each in by_sms))
    return _Known(
        outbox.find_suppressed(session, everybody) if everybody else set(),
        suppression.muted(session, some) if some else set(),
        frequency.recent(session, phones, now),
        carriers,
        on_trial,
        _in_flight(session, digests.values()),
    )


def _in_flight(session: Session, digests: Collection[tuple[str, ...]]) -> set[str]:
    """Phones to which an SMS is on its way. Under one key alone the look for what is due has found that already."""
    several = set().union(*(each for each in digests if len(each) > 1))
    if not several:
        return set()
    return set(session.scalars(select(Message.recipient).where(IN_FLIGHT, Message.recipient.in_(several))))


def _is_muted(due: _Due, digests: tuple[str, ...], known: _Known) -> bool:
    """Whether somebody wants nothing on the topic at all: no other way takes its place."""
    topic = suppression.topic_of(due.kind)
    return any((digest, topic) in known.muted for digest in digests)


def _not_before(
    due: _Due, digests: tuple[str, ...], known: _Known, settings: Messages, now: datetime
) -> datetime | None:
    """When a message may leave that may not leave now; None for all others."""
    morning = _quiet_end(due, settings, now)
    if due.medium is not Medium.SMS or due.kind in frequency.AT_ANY_RATE:
        return morning
    left = sorted((at for digest in digests for at in known.left.get(digest, ())), reverse=True)
    free = frequency.free_at(left, settings, now)
    return max(morning or now, free or now) if morning or free else None


def _due() -> Quick:
    other = aliased(Message)
    in_flight = exists().where(
        other.recipient == Message.recipient,
        other.medium == literal(Medium.SMS, other.medium.type),
        or_(
            *(
                other.state == literal(state, other.state.type)
                for state in (MessageState.SENDING, MessageState.UNKNOWN)
            )
        ),
    )
    return Quick(
        select(*_COLUMNS)
        .join(Office, Office.id == Message.office_id)
        .where(
            Message.state == MessageState.PENDING,
            Message.not_before <= bindparam("now"),
            Message.expires_at > bindparam("now"),
            *(cast(Message.medium, String) != bindparam(f"no_{medium}", type_=String()) for medium in Medium),
            ~and_(Message.medium == Medium.SMS, in_flight),
        )
        .order_by(Message.priority, Message.not_before, Message.id)
        .limit(bindparam("many"))
        .with_for_update(skip_locked=True, of=Message)
    )


_DUE = _due()


def _take(
    session: Session,
    chosen: list[Claimed],
    owner: str,
    carriers: dict[Medium, str],
    timing: Timing,
    now: datetime,
) -> set[int]:
    """Which are ours now. What is in flight stands under the current key, by which it is the only one to its phone."""
    if not chosen:
        return set()
    older = [(Message.id == each.id, literal(each.digests[0])) for each in chosen if len(each.digests) > 1]
    taken = session.scalars(
        update(Message)
        .where(Message.id.in_([each.id for each in chosen]), Message.state == MessageState.PENDING)
        .values(
            state=MessageState.SENDING,
            attempts=Message.attempts + 1,
            attempt_started_at=now,
            lease_owner=owner,
            lease_until=now + timing.lease,
            provider=case(*((Message.medium == medium, literal(name)) for medium, name in carriers.items())),
            **({"recipient": case(*older, else_=Message.recipient)} if older else {}),
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return set(taken)


def _quiet_end(due: _Due, settings: Messages, now: datetime) -> datetime | None:
    if not quiet.are_kept(due.kind, due.medium):
        return None
    return quiet.end(now, ZoneInfo(due.time_zone), settings.quiet_from, settings.quiet_until)


def _claimed(
    due: _Due,
    envelope: Envelope,
    digests: tuple[str, ...],
    owner: str,
    settings: Messages,
    timing: Timing,
    now: datetime,
    known: _Known,
) -> Claimed:
    provider = known.carriers[due.medium]
    return Claimed(
        due.id,
        owner,
        now + timing.lease,
        _valid_until(due, settings, now),
        due.kind,
        due.medium,
        due.language,
        due.key,
        envelope,
        digests,
        due.attempts + 1,
        provider,
        provider in known.on_trial,
    )


def _valid_until(due: _Due, settings: Messages, now: datetime) -> datetime:
    if not quiet.are_kept(due.kind, due.medium):
        return due.expires_at
    evening = quiet.begin(now, ZoneInfo(due.time_zone), settings.quiet_from, settings.quiet_until)
    return due.expires_at if evening is None else min(due.expires_at, evening)
