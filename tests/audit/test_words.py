"""Every kind of event that the program writes has a sentence of its own on the page of the record."""

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask_babel import gettext

import frontoffice
from frontoffice import events
from frontoffice.audit import words
from frontoffice.db import Base, Database
from frontoffice.line.models import TicketState
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from frontoffice.web.access import COOKIE_KEY
from frontoffice.web.context import in_language
from tests.line.browsing import Browser
from tests.line.parts import account, token
from tests.web.doors import application

SOURCES = Path(frontoffice.__file__).parent
LIKE_A_KIND = re.compile(r"[a-z_]+\.[a-z_]+")
FILES = (".html", ".toml", ".ics", ".db")
# Looks like a kind of event, and is something else: what is counted by `limits`, keys, libraries, domains.
OTHERS = {
    "sign_in.browser",
    "sign_in.code",
    "sign_in.network",
    "sign_in.proof",
    "sign_in.username",
    "frontoffice.area",
    "frontoffice.crowd",
    "frontoffice.no_database",
    "frontoffice.offices",
    "frontoffice.request_id",
    "frontoffice.rule",
    "frontoffice.take_connection",
    "gmail.com",
    "googlemail.com",
    "gunicorn.socket",
    "people.*",
    "planning.clashes",
    "prometheus_client.multiprocess",
    "seven.io",
}


def _in_the_sources(app: Flask) -> Iterator[tuple[str, str]]:
    """What may be a kind of event, and where it stands: no name of a page, a column, a file, and no line of the log."""
    columns = {f"{table.name}.{column.name}" for table in Base.metadata.tables.values() for column in table.c}
    known = (columns | OTHERS | set(app.view_functions)) - words.KINDS.keys()
    for path in sorted(SOURCES.rglob("*.py")):
        if path.parent.name == "audit":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        logged = {id(argument) for call in _log_lines(tree) for argument in call.args}
        for node in ast.walk(tree):
            said = _text_of(node)
            if said and id(node) not in logged and said not in known and not said.endswith(FILES):
                yield said, f"{path.relative_to(SOURCES)}:{getattr(node, 'lineno', 0)}"


def _log_lines(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
            yield node


def _text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if LIKE_A_KIND.fullmatch(node.value) else None
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        begins = str(node.values[0].value)
        return f"{begins}*" if re.fullmatch(r"[a-z_]+\.", begins) and len(node.values) == 2 else None
    return None


def test_every_kind_in_the_sources_has_a_sentence_and_every_sentence_a_kind() -> None:
    found = dict(_in_the_sources(application()))
    assert found.pop("ticket.*")  # by the state that the ticket has then
    found |= {f"ticket.{state}": "TicketState" for state in TicketState}
    missing = {kind: where for kind, where in found.items() if kind not in words.KINDS}
    assert not missing, "Give each a sentence in audit/words.py, or name it here among OTHERS."
    in_the_audit = {"audit.exported", "audit.opened", "audit.searched"}
    assert words.KINDS.keys() - found.keys() == in_the_audit


def test_no_two_kinds_have_the_same_sentence_and_each_belongs_to_a_topic() -> None:
    app = application()
    for code in ("de", "en"):
        with app.test_request_context(), in_language(code):
            said = {kind: gettext(sentence) for kind, sentence in words.KINDS.items()}
        assert len(set(said.values())) == len(said)
        assert not [kind for kind, sentence in said.items() if "." in sentence or kind in sentence]
    with app.test_request_context(), in_language("de"):
        same = {sentence for sentence in words.KINDS.values() if gettext(sentence) == sentence}
    assert not same
    assert {kind.partition(".")[0] for kind in words.KINDS} == set(words.TOPICS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_says_in_words_what_happened(
    app: Flask, database: Database, office: Office, now: datetime
) -> None:
    kinds = ("card.seen", "watch.seen", "person.exported", "promise.broken")
    with database.write() as session:
        secret = token(session, account(session, "anna", Role.AUDITOR, office), now)
        for kind in kinds:
            events.append(session, office.id, kind, now, actor="cli", subject="person")
    browser = Browser(app)
    with time_machine.travel(now, tick=False):
        with browser.client.session_transaction() as cookie:
            cookie[COOKIE_KEY] = secret
        for kind in kinds:
            browser.get(f"/staff/audit/?topic={kind.partition('.')[0]}")
            rows = browser.text.partition(" Details ")[2]
            assert words.KINDS[kind] in rows
            assert kind not in rows
            assert "The command line" in rows
