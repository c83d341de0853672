"""An office on the command line: exported, imported, with a look ahead; what changed is on record."""

from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import select

from frontoffice.cli import main
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office
from tests.agenda.parts import booked
from tests.booking.steps import at
from tests.conftest import KEY

EXAMPLE = Path(__file__).parents[2] / "office.example.toml"


@pytest.fixture(autouse=True, name="clock")
def stopped_clock(now: object) -> object:
    with time_machine.travel(now, tick=False) as traveller:  # type: ignore[arg-type]
        yield traveller


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("FRONTOFFICE_DATABASE__URL", database_url)
    monkeypatch.setenv("FRONTOFFICE_SITE__BASE_URL", "http://localhost")
    monkeypatch.setenv("FRONTOFFICE_SITE__SECRET_KEYS", f'["{KEY}"]')

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words, catch_exceptions=False)

    return run


def changes(database: Database) -> list[dict]:
    with database.read() as session:
        kinds = ("office.added", "office.changed")
        found = session.scalars(select(Event).where(Event.kind.in_(kinds)).order_by(Event.id))
        return [{"kind": each.kind, "actor": each.actor, **each.data} for each in found]


def test_an_office_is_copied_by_export_and_import(database: Database, run, tmp_path: Path) -> None:
    assert run("office", "import", str(EXAMPLE)).output.startswith("Added Ausländerbehörde Musterstadt")
    text = run("office", "export", "musterstadt").output
    file = tmp_path / "twin.toml"
    file.write_text(text.replace('slug = "musterstadt"', 'slug = "twin"', 1), encoding="utf-8")
    assert run("office", "import", "--dry-run", str(file)).output.startswith("Would add")
    with database.read() as session:
        assert session.scalars(select(Office.slug)).all() == ["musterstadt"]
    assert run("office", "import", str(file)).exit_code == 0
    assert run("office", "export", "twin").output == file.read_text(encoding="utf-8")
    assert [each["kind"] for each in changes(database)] == ["office.added"] * 2
    assert "Known are: musterstadt, twin" in run("office", "export", "elsewhere").output


def test_the_look_ahead_says_what_the_change_does_and_changes_nothing(
    database: Database, config: Config, run, tmp_path: Path, now
) -> None:
    run("office", "add", str(EXAMPLE))
    booked(database, config, at(26, "16:00"), now)
    text = run("office", "export", "musterstadt").output
    file = tmp_path / "shorter.toml"
    file.write_text(text.replace("closes = 17:00:00", "closes = 15:00:00"), encoding="utf-8")
    told = run("office", "import", "--dry-run", str(file)).output
    assert "schedules residence opening_hours" in told
    assert "Would change Ausländerbehörde Musterstadt. Appointments that no longer fit: 1" in told
    assert run("office", "export", "musterstadt").output == text
    assert "Appointments that no longer fit: 1" in run("office", "import", str(file)).output
    assert run("office", "export", "musterstadt").output == file.read_text(encoding="utf-8")
    assert run("office", "change", "--dry-run", str(file)).output.startswith("Would change")
    *_, last = changes(database)
    assert last["actor"] == "cli"
    assert last["changes"] == [{"part": "schedules", "name": "residence", "field": "opening_hours"}]


def test_what_is_harmless_is_told_with_its_values(database: Database, run, tmp_path: Path) -> None:
    run("office", "add", str(EXAMPLE))
    file = tmp_path / "named.toml"
    text = run("office", "export", "musterstadt").output
    file.write_text(text.replace("walk_in_warning = 45", "walk_in_warning = 30"), encoding="utf-8")
    assert "office walk_in_warning: 45 → 30" in run("office", "import", str(file)).output
    *_, last = changes(database)
    assert last["changes"] == [{"part": "office", "field": "walk_in_warning", "before": 45, "after": 30}]
