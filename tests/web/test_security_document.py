"""docs/security.md names what is there: each file, and for each answer at least one test."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
OF_OUR_OWN = ("kiosk/", "deploy/", "migrations/")  # beside `frontoffice/`; all else is below it
ROW = re.compile(r"^\| (?P<answer>[^|]+) \| (?P<where>[^|]*) \| (?P<tests>[^|]+) \|$", re.MULTILINE)


class Answer(NamedTuple):
    """A row of one of the tables."""

    answer: str
    where: str
    tests: str


def answers() -> Iterator[Answer]:
    """All rows but the headings."""
    for row in ROW.finditer(DOCUMENT.read_text(encoding="utf-8")):
        if row["answer"] != "answer":
            yield Answer(row["answer"].strip(), row["where"], row["tests"])


def named(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def missing(row: Answer) -> list[str]:
    """What the row names and is not there."""
    places = [name if name.startswith(OF_OUR_OWN) else f"frontoffice/{name}" for name in named(row.where)]
    places += [f"docs/{name}" for name in re.findall(r"\]\(([^)]+)\)", row.where)]
    places += [f"tests/{name}" for name in named(row.tests)]
    return [place for place in places if not (ROOT / place).exists()]


@pytest.mark.parametrize("row", list(answers()), ids=lambda row: row.answer[:40])
def test_what_answers_a_threat_is_there_and_tested(row: Answer) -> None:
    assert missing(row) == []
    assert any(Path(name).name.startswith("test_") for name in named(row.tests))


def test_the_tables_are_read() -> None:
    assert len(list(answers())) > 40
    assert missing(Answer("", "`web/nothing.py`, [x](nothing.md)", "`test_nothing.py`")) == [
        "frontoffice/web/nothing.py",
        "docs/nothing.md",
        "tests/test_nothing.py",
    ]
