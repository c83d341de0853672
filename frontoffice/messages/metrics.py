"""The outbox's condition as metrics."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.orm import Session

from frontoffice.messages import condition, failover, following


def families(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    """All of it as families of metrics."""
    due = _family("due", "Messages that should have left by now", ["medium"])
    age = _family("queue_age_seconds", "How long the oldest of them has been due", ["medium"])
    unclear = _family("unclear", "Messages of which it is not known whether they left", ["medium"])
    for queue in condition.queues(session, now):
        due.add_metric([queue.medium], queue.due)
        age.add_metric([queue.medium], queue.age.total_seconds())
        unclear.add_metric([queue.medium], queue.unclear)
    delay = _family(
        "delay_seconds", "From due to accepted by a provider, within an hour", ["medium", "quantile"]
    )
    accepted = _family("accepted", "Messages accepted by a provider within an hour", ["medium"])
    for each in condition.delays(session, now):
        accepted.add_metric([each.medium], each.accepted)
        for quantile, took in zip(condition.QUANTILES, each.quantiles, strict=False):
            delay.add_metric([each.medium, str(quantile)], took.total_seconds())
    ended = _family("outcomes", "Messages that came to an end within a day", ["medium", "kind", "state"])
    for medium, kind, state, number in condition.outcomes(session, now):
        ended.add_metric([medium, kind, state], number)
    unreached = _family("unreached", "Messages that reached nobody and wait for a person", [])
    unreached.add_metric([], following.count_unreached(session, now))
    stopped = _family("provider_stopped", "Providers that are stopped", ["provider", "medium"])
    for stop in failover.state(session):
        stopped.add_metric([stop.provider, stop.medium], 1)
    return [due, age, unclear, accepted, delay, ended, unreached, stopped]


def _family(name: str, about: str, labels: Sequence[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"frontoffice_messages_{name}", about, labels=labels)
