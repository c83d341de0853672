"""Health: alive whatever happens, ready only with a database that can be used; details for the token only."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from frontoffice import clock, pulse
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.operations import health, metrics
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from frontoffice.worker import Context, Job, Pulse, tick
from tests.conftest import KEY

TOKEN = "a token of the monitoring system, long enough"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def monitored(config: Config) -> Config:
    told = config.messages.model_dump() | {"metrics": {"token": TOKEN}}
    return config.model_copy(update={"messages": type(config.messages).model_validate(told)})


def test_health_says_little_and_with_the_token_more(monitored: Config, database: Database) -> None:
    client = create_app(monitored, database).test_client()
    assert (client.get("/healthz").text, client.get("/readyz").text) == ("alive\n", "ready\n")
    with database.write() as session:
        pulse.beat(session, f"{health.machine()}/1-ab", clock.now(), {}, clock.now())
    told = client.get("/readyz", headers=WITH_TOKEN).json
    assert (told["ready"], told["workers"], told["messages_due"]["sms"]["number"]) == (True, 1, 0)
    assert client.get("/readyz", headers={"Authorization": "Bearer wrong"}).text == "ready\n"


def test_the_web_is_alive_but_not_ready_without_its_tables(monitored: Config, database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    client = create_app(monitored, database).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready\n")
    assert client.get("/readyz", headers=WITH_TOKEN).json == {
        "ready": False,
        "database": True,
        "tables": False,
    }


def test_a_database_out_of_reach_is_not_ready(monitored: Config) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1", Vault([KEY]))
    client = create_app(monitored, database).test_client()
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)
    told = client.get("/readyz", headers=WITH_TOKEN)
    assert (told.status_code, told.json["database"]) == (503, False)
    database.close()


def test_workers_count_for_a_minute_after_their_last_beat(database: Database) -> None:
    now = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    with database.write() as session:
        pulse.beat(session, "one/1", now, {}, now)
        pulse.beat(session, "two/1", now, {}, now + timedelta(seconds=50))

    def alive(after: int, machine: str = "") -> int:
        with database.read() as session:
            return len(pulse.alive(session, now + timedelta(seconds=after), machine))

    assert [alive(0), alive(55), alive(65), alive(120)] == [2, 2, 1, 0]
    assert [alive(55, "one"), alive(65, "one"), alive(55, "on")] == [1, 0, 0]


def test_what_jobs_did_is_added_up_over_workers(context: Context) -> None:
    def fails(_context: Context) -> None:
        raise KeyError("Zoe")

    one, two = Pulse(), Pulse()
    for each in (one, two, two):
        worker = Context(context.config, context.database, context.delivery, context.stopping, each)
        tick(Job("works", 60, lambda _context: None, one_worker=False), worker)
        tick(Job("fails", 60, fails, one_worker=False), worker)
    for each in (one, two):
        each.beat(context.database)
    with context.database.read() as session:
        told = {job.name: job for job in pulse.runs(session)}
        text_ = metrics.exposition(session, clock.now()).decode()
    assert (told["works"].runs, told["works"].failures, told["works"].error) == (3, 0, None)
    assert (told["fails"].runs, told["fails"].failures, told["fails"].error) == (3, 3, "KeyError")
    assert told["fails"].succeeded_at is None
    assert 'frontoffice_job_failures_total{job="fails"} 3.0' in text_
    assert "frontoffice_workers 2.0" in text_
    two.end(context.database)
    with context.database.read() as session:
        assert [each.name for each in pulse.alive(session, clock.now())] == [one.name]
