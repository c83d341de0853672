"""The API's own description is true: schemathesis makes requests from it and compares the answers with it."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from pydantic import BaseModel
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    ignored_auth,
    not_a_server_error,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.schemas import APIOperation, BaseSchema

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from frontoffice.web.needs import Need, doors
from tests.conftest import KEY, _administer
from tests.web.callers import CALLERS, SITE, Caller, Known, Machine, filled, refusals, who_may

# Requests for each operation that fit the description, and as many of those that do not.
EXAMPLES = {"postgresql": 3, "sqlite": 2}
WITH_PASSWORD = "/api/v1/staff/sessions"
NOT_UNDERSTOOD = {400, 404, 405, 406, 413, 415, 422}
# What holds for every answer, whoever has asked.
FOR_EVERYBODY = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def known_of() -> dict[bool, Known]:
    """What is in the template of each engine (is it SQLite?), once it is filled."""
    return {}


@pytest.fixture(scope="module")
def sqlite_template(
    sqlite_template: Path,
    vault: Vault,
    known_of: dict[bool, Known],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A file with an office and everybody who calls, to be copied."""
    path = tmp_path_factory.mktemp("openapi") / "filled.db"
    shutil.copy(sqlite_template, path)
    known_of[True] = filled(f"sqlite:///{path}", vault)
    return path


@pytest.fixture(scope="module")
def postgresql_template(
    postgresql_server: str, postgresql_template: str, vault: Vault, known_of: dict[bool, Known]
) -> str:
    """A database with the same, to be copied."""
    _administer(postgresql_server, f"CREATE DATABASE template_openapi TEMPLATE {postgresql_template}")
    known_of[False] = filled(postgresql_server.format("template_openapi"), vault)
    return "template_openapi"


@pytest.fixture
def known(database: Database, known_of: dict[bool, Known]) -> Known:
    """What is in this copy."""
    return known_of[database.is_sqlite]


def _operations() -> dict[tuple[str, str], frozenset[Need]]:
    """Path and method of everything that is described, and what it needs; nothing is asked of a database for that."""
    app = create_app(
        Config.model_validate({**SITE, "database": {"url": "sqlite:///x"}}),
        Database("sqlite:///nowhere.db", Vault([KEY])),
    )
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    needs = {
        (re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", door.rule.rule), door.method.lower()): door.needs
        for door in doors(app)
    }
    return {each: needs[each] for each in sorted(described)}


OPERATIONS = _operations()
EVERY_OPERATION = pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda value: value)

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


def test_no_two_shapes_share_a_name_in_the_description(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    shapes: dict[str, list[type[BaseModel]]] = {}
    for shape in _shapes(BaseModel):
        shapes.setdefault(shape.__name__, []).append(shape)
    described = document["components"]["schemas"].keys() & shapes.keys()
    assert len(described) > 80
    assert {name: shapes[name] for name in described if len(shapes[name]) > 1} == {}


def _shapes(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for shape in base.__subclasses__():
        if shape.__module__.startswith("frontoffice."):
            yield shape
        yield from _shapes(shape)


@pytest.fixture(scope="module")
def descriptions() -> dict[Flask, BaseSchema]:
    """What each application says of itself, read once."""
    return {}


@pytest.fixture
def description(app: Flask, descriptions: dict[Flask, BaseSchema]) -> BaseSchema:
    """What the application says of itself."""
    if app not in descriptions:
        descriptions[app] = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    return descriptions[app]


@EVERY_OPERATION
def test_an_operation_answers_as_it_is_described(
    database: Database, known: Known, description: BaseSchema, path: str, method: str
) -> None:
    operation = description[path][method]
    headers = _headers(known, who_may(OPERATIONS[path, method]))
    schemes = [name for each in operation.definition.raw.get("security", []) for name in each]
    left_out = [positive_data_acceptance, *([ignored_auth] if schemes == OF_APPOINTMENTS else [])]

    def answers_as_described(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=left_out)

    most = EXAMPLES["sqlite" if database.is_sqlite else "postgresql"]
    _for_every_kind_of_request(operation, known, answers_as_described, most)


@EVERY_OPERATION
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everybody_hears_what_the_table_of_roles_says(
    known: Known, description: BaseSchema, path: str, method: str
) -> None:
    needs = OPERATIONS[path, method]
    kept_out = {caller: refusals(caller, needs, path) for caller in CALLERS}
    understood = set()

    def heard_by_everybody(case: schemathesis.Case) -> None:
        fits = case.meta.generation.mode is GenerationMode.POSITIVE
        for caller in CALLERS:
            answer = case.call(headers=_headers(known, caller))
            case.validate_response(answer, checks=FOR_EVERYBODY)
            # What is wrong with a request may also be that the token was left out.
            who = caller if "Authorization" in answer.request.headers else Machine.VISITOR
            assert _is_right(answer.status_code, kept_out[who], path), (who, answer.status_code)
            if fits and answer.status_code in kept_out[who]:
                understood.add(who)

    _for_every_kind_of_request(description[path][method], known, heard_by_everybody, 2)
    # What somebody may not do is refused for that, and not only because the request was not understood.
    assert understood == {caller for caller in CALLERS if kept_out[caller]}


def _for_every_kind_of_request(
    operation: APIOperation, known: Known, send: Callable[[schemathesis.Case], None], most: int
) -> None:
    """Send so many requests that fit the description, about what there is, and so many that do not."""
    for mode in GenerationMode:

        @settings(
            max_examples=most,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def sent(case: schemathesis.Case) -> None:
            if case.meta.generation.mode is GenerationMode.POSITIVE:
                case.path_parameters.update(
                    {name: known.paths[name] for name in case.path_parameters if name in known.paths}
                )
                if operation.path.endswith("/time"):
                    case.body.pop("start", None)  # what the schema cannot say: one of `start` and `hold`
                    case.body["hold"] = "a" * 24
            send(case)

        # Nothing can be wrong in a request without parameters and body.
        with suppress(Unsatisfiable):
            sent()


def _headers(known: Known, caller: Caller) -> dict[str, str]:
    token = known.tokens[caller]
    return {"Authorization": f"Bearer {token}"} if token else {}


def _is_right(status: int, kept_out: set[int], path: str) -> bool:
    """Whether this may be answered to somebody who is kept out with one of these (nobody keeps them out: empty)."""
    if status in (401, 403):
        return status in kept_out or path == WITH_PASSWORD
    return not kept_out or status in kept_out or status in NOT_UNDERSTOOD
