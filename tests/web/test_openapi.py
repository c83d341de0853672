"""The API's own description is true: schemathesis makes requests from it and compares the answers with it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from frontoffice.booking import appointing, holding, planning, search
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff import accounts, devices, signing_in
from frontoffice.staff.models import DeviceKind, Role
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from tests.conftest import KEY
from tests.sample import RENEWAL

PASSWORD = "a password that is long enough"


@dataclass(frozen=True)
class Credentials:
    """What callers of the API can bring."""

    appointment: str
    staff: str
    device: str


@pytest.fixture
def credentials(database: Database, office: Office, config: Config) -> Credentials:
    """An appointment, an account and a kiosk, and what proves to be them."""
    now = datetime.now(UTC)
    with database.write() as session:
        today = now.date()
        place = session.get_one(Office, office.id)
        planning.plan(session, place, today, 30, now)
        service = next(each for each in place.services if each.slug == RENEWAL)
        start = search.next_free(session, place, service, today, now=now, rules=config.booking)
        assert start is not None
        _, token = holding.hold(session, place, service, start, now, rules=config.booking)
        person = Person("Amina Diallo", today.replace(year=1991, day=1), "amina@mail.example", None)
        appointment = appointing.book(session, token, person, "en", now, settings=config)
        secret = appointing.secret_of(session, appointment)
        accounts.add(session, "miriam", "Miriam", PASSWORD, Role.ADMINISTRATOR, None, now)
        _, code = devices.add(session, place, "Lobby", DeviceKind.KIOSK, now)
        _, credential = devices.pair(session, code, now)
    with database.write() as session:
        proof = signing_in.prove(session, "miriam", PASSWORD)
        staff, _ = signing_in.begin(session, proof, now, hours=1)
    return Credentials(secret, staff, credential)


def _operations() -> list[tuple[str, str]]:
    """Path and method of everything that is described; nothing is asked of a database for that."""
    values = {
        "site": {"base_url": "http://localhost", "secret_keys": [KEY]},
        "database": {"url": "sqlite:///x"},
    }
    app = create_app(Config.model_validate(values), Database("sqlite:///nowhere.db", Vault([KEY])))
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    return [(path, method) for path, methods in document["paths"].items() for method in methods]


OPERATIONS = _operations()

# Left out is one of schemathesis' checks, positive_data_acceptance: that what fits the description is never answered
# with 422. A schema cannot say that `to` is after `from`, or that one of mail and phone is needed.


def test_the_description_names_the_first_endpoints() -> None:
    paths = {path for path, _ in OPERATIONS}
    assert {
        "/api/v1/offices",
        "/api/v1/offices/{office}/services",
        "/api/v1/offices/{office}/slots",
        "/api/v1/holds",
        "/api/v1/appointments",
        "/api/v1/appointments/{reference}",
        "/api/v1/device/journal",
        "/api/v1/offices/{office}/board",
        "/api/v1/counters/{counter}/call-next",
    } <= paths


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda value: value)
def test_an_operation_answers_as_it_is_described(
    app: Flask, credentials: Credentials, path: str, method: str, mode: GenerationMode
) -> None:
    operation = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)[path][method]
    schemes = [name for each in operation.definition.raw.get("security", []) for name in each]
    headers = {"Authorization": f"Bearer {getattr(credentials, schemes[0])}"} if schemes else {}

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    try:
        answers_as_described()
    except Unsatisfiable:
        pytest.skip("nothing can be wrong in a request without parameters and body")
