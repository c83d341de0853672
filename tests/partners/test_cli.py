"""Partners on the command line."""

import re
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask

from frontoffice import cli
from frontoffice.db import Database
from frontoffice.offices.models import Office
from tests.conftest import KEY
from tests.partners.parts import Added, Program, add_partner, problem_of
from tests.sample import PICK_UP, RENEWAL

NAME = "Werkzeugbau Muster"


class Shell:
    """Runs commands on the test's database."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(cli.main, ["--config", str(self.file), "partner", *words])


@pytest.fixture
def shell(tmp_path: Path, database_url: str, planned: Office, clock: time_machine.Traveller) -> Shell:
    """A command line with a configuration file."""
    file = tmp_path / "config.toml"
    file.write_text(
        f'[site]\nbase_url = "http://localhost"\nsecret_keys = ["{KEY}"]\n[database]\nurl = "{database_url}"\n'
    )
    return Shell(file)


def token_in(result: Result) -> str:
    assert result.exit_code == 0, result.output
    found = re.search(r"fop_\S+", result.output)
    assert found
    return found[0]


def program(app: Flask, token: str) -> Program:
    return Program(app, Added(1, token, ""))


def test_a_partner_is_added_and_its_token_books(app: Flask, shell: Shell) -> None:
    added = shell.run(
        "add",
        NAME,
        "--kind",
        "employer",
        "--office",
        "musterstadt",
        "--service",
        PICK_UP,
        "--quota",
        "1",
        "--per",
        "month",
    )
    partner = program(app, token_in(added))
    assert partner.book(services=[{"service": PICK_UP}]).status_code == 201
    problem_of(partner.book(services=[{"service": RENEWAL}]), 422, "not_granted")
    listed = shell.run("list").output
    assert "1 of 1 per month booked, 1 to come" in listed
    assert "token 1 -: works, last used 2026-11-23" in listed


def test_tokens_come_and_go(app: Flask, shell: Shell, database: Database) -> None:
    first = add_partner(database, NAME)
    second = token_in(shell.run("token", NAME, "--label", "second"))
    assert program(app, second).get("/partner").status_code == 200
    assert shell.run("revoke", NAME, "--token", "1").exit_code == 0
    assert Program(app, first).get("/partner").status_code == 401
    assert program(app, second).get("/partner").status_code == 200
    assert shell.run("revoke", NAME).exit_code == 0
    assert program(app, second).get("/partner").status_code == 401
    assert "ended" in shell.run("list").output


def test_the_link_to_the_page_is_made_anew(app: Flask, shell: Shell, database: Database) -> None:
    before = add_partner(database, NAME).link
    link = shell.run("link", NAME).output.strip()
    assert app.test_client().get(link.removeprefix("http://localhost")).status_code == 200
    assert app.test_client().get(f"/partner/{before}/").status_code == 404


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("token", "Nobody"), "There is no partner “Nobody”. Known are: Werkzeugbau Muster."),
        (("revoke", NAME, "--token", "99"), "could not find"),
        (("add", NAME, "--kind", "employer", "--office", "musterstadt"), "already a partner"),
        (("add", "X", "--kind", "employer", "--office", "nowhere"), "There is no office “nowhere”"),
        (
            ("add", "X", "--kind", "employer", "--office", "musterstadt", "--service", "nothing"),
            "There is no service “nothing”",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    shell: Shell, database: Database, words: tuple[str, ...], sentence: str
) -> None:
    add_partner(database, NAME)
    result = shell.run(*words)
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
