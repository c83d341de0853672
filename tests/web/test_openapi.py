"""The API's own description is true: schemathesis makes requests from it and compares the answers with it."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth, positive_data_acceptance
from schemathesis.schemas import BaseSchema

from frontoffice.booking import appointing, holding, planning, search
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.staff import accounts, devices, signing_in
from frontoffice.staff.models import DeviceKind, Role
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from tests.conftest import KEY, _administer
from tests.partners.parts import add_partner
from tests.sample import RENEWAL, sample_office

PASSWORD = "a password that is long enough"
# Requests for each operation that fit the description, and as many of those that do not. PostgreSQL is the one that
# takes less; SQLite is asked too, because it says no in other ways.
EXAMPLES = {"postgresql": 8, "sqlite": 3}
SITE = {"site": {"base_url": "http://localhost", "secret_keys": [KEY]}}


@dataclass(frozen=True)
class Credentials:
    """What callers of the API can bring."""

    reference: str
    appointment: str
    staff: str
    device: str
    partner: str


@pytest.fixture(scope="module")
def known() -> dict[bool, Credentials]:
    """The credentials in the template of each engine (is it SQLite?), once it is filled."""
    return {}


@pytest.fixture(scope="module")
def sqlite_template(
    sqlite_template: Path,
    vault: Vault,
    known: dict[bool, Credentials],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A file with an office and everything that callers know, to be copied."""
    path = tmp_path_factory.mktemp("openapi") / "filled.db"
    shutil.copy(sqlite_template, path)
    known[True] = _filled(f"sqlite:///{path}", vault)
    return path


@pytest.fixture(scope="module")
def postgresql_template(
    postgresql_server: str, postgresql_template: str, vault: Vault, known: dict[bool, Credentials]
) -> str:
    """A database with the same, to be copied."""
    _administer(postgresql_server, f"CREATE DATABASE template_openapi TEMPLATE {postgresql_template}")
    known[False] = _filled(postgresql_server.format("template_openapi"), vault)
    return "template_openapi"


@pytest.fixture
def credentials(database: Database, known: dict[bool, Credentials]) -> Credentials:
    """What callers of the API can bring to this copy."""
    return known[database.is_sqlite]


def _filled(url: str, vault: Vault) -> Credentials:
    """An office with an appointment, an account, a kiosk and a partner, and what proves to be them."""
    config = Config.model_validate({**SITE, "database": {"url": url}})
    database, now = Database(url, vault), datetime.now(UTC)
    with database.write() as session:
        place = sample_office(session)
        planning.plan(session, place, now.date(), 14, now)
        wanted = visit([(next(each for each in place.services if each.slug == RENEWAL), 1)])
        start = search.next_free(session, place, wanted, now.date(), now=now, rules=config.booking)
        assert start is not None
        _, token = holding.hold(session, place, wanted, start, now, rules=config.booking)
        person = Person("Amina Diallo", now.date().replace(year=1991, day=1), "amina@mail.example", None)
        appointment = appointing.book(session, token, person, "en", now, settings=config)
        secret = appointing.secret_of(session, appointment)
        accounts.add(session, "miriam", "Miriam", PASSWORD, Role.ADMINISTRATOR, None, now)
        _, code = devices.add(session, place, "Lobby", DeviceKind.KIOSK, now)
        _, credential = devices.pair(session, code, now)
    with database.write() as session:
        proof = signing_in.prove(session, "miriam", PASSWORD)
        staff, _ = signing_in.begin(session, proof, now, hours=1)
    partner = add_partner(database).token
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return Credentials(appointment.reference, secret, staff, credential, partner)


def _operations() -> list[tuple[str, str]]:
    """Path and method of everything that is described; nothing is asked of a database for that."""
    app = create_app(
        Config.model_validate({**SITE, "database": {"url": "sqlite:///x"}}),
        Database("sqlite:///nowhere.db", Vault([KEY])),
    )
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    return [(path, method) for path, methods in document["paths"].items() for method in methods]


OPERATIONS = _operations()

# Left out are two of schemathesis' checks. That what fits the description is never answered with 422: a schema cannot
# say that `to` is after `from`, or that one of mail and phone is needed. And, for appointments only, that a wrong
# secret is answered with 401: it is 404, as for an unknown reference.
OF_APPOINTMENTS = ["appointment"]


def test_the_description_names_the_first_endpoints() -> None:
    paths = {path for path, _ in OPERATIONS}
    assert {
        "/api/v1/offices",
        "/api/v1/offices/{office}/services",
        "/api/v1/offices/{office}/slots",
        "/api/v1/offices/{office}/next-free",
        "/api/v1/offices/{office}/schedules",
        "/api/v1/captcha",
        "/api/v1/holds",
        "/api/v1/holds/{token}",
        "/api/v1/appointments",
        "/api/v1/appointments/{reference}",
        "/api/v1/appointments/{reference}/confirmation",
        "/api/v1/appointments/{reference}/confirmation/message",
        "/api/v1/appointments/{reference}/time",
        "/api/v1/appointments/{reference}/contact",
        "/api/v1/appointments/{reference}/calendar.ics",
        "/api/v1/device/journal",
        "/api/v1/offices/{office}/board",
        "/api/v1/counters/{counter}/call-next",
    } <= paths


@pytest.fixture(scope="module")
def descriptions() -> dict[Flask, BaseSchema]:
    """What each application says of itself, read once."""
    return {}


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda value: value)
def test_an_operation_answers_as_it_is_described(
    app: Flask,
    database: Database,
    credentials: Credentials,
    descriptions: dict[Flask, BaseSchema],
    path: str,
    method: str,
) -> None:
    if app not in descriptions:
        descriptions[app] = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operation = descriptions[app][path][method]
    schemes = [name for each in operation.definition.raw.get("security", []) for name in each]
    headers = {"Authorization": f"Bearer {getattr(credentials, schemes[0])}"} if schemes else {}
    left_out = [positive_data_acceptance, *([ignored_auth] if schemes == OF_APPOINTMENTS else [])]
    for mode in GenerationMode:

        @settings(
            max_examples=EXAMPLES["sqlite" if database.is_sqlite else "postgresql"],
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers_as_described(case: schemathesis.Case) -> None:
            if schemes == OF_APPOINTMENTS and case.meta.generation.mode is GenerationMode.POSITIVE:
                case.path_parameters["reference"] = credentials.reference  # one that there is
            case.call_and_validate(headers=headers, excluded_checks=left_out)

        # Nothing can be wrong in a request without parameters and body.
        with suppress(Unsatisfiable):
            answers_as_described()
