"""A refusal that says a number says it in the form that the language has for it."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from frontoffice.booking.refusals import TooManyForMail
from frontoffice.errors import Counted, DomainError
from frontoffice.partners.models import PlanEntry
from frontoffice.partners.plans import as_kept, refusal_of
from frontoffice.partners.refusals import QuotaReached
from frontoffice.web.context import say


@pytest.fixture
def database_url(sqlite_template: Path) -> str:
    """Any, as nothing is read from it."""
    return f"sqlite:///{sqlite_template}"


@pytest.mark.parametrize(
    ("language", "most", "words"),
    [
        ("en", 1, "There is already 1 coming appointment with"),
        ("en", 5, "There are already 5 coming appointments with"),
        ("de", 1, "1 kommenden Termin,"),
        ("uk", 3, "3 майбутні записи,"),
        ("uk", 5, "5 майбутніх записів,"),
        ("ar", 2, "موعدان قادمان"),
        ("ar", 4, "4 مواعيد قادمة"),
        ("ar", 11, "11 موعدًا"),
    ],
)
def test_a_refusal_counts_as_the_language_does(app: Flask, language: str, most: int, words: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert words in say(TooManyForMail(most=most))


def test_one_that_was_stored_with_a_plan_counts_too(app: Flask) -> None:
    entry = PlanEntry(refusal=as_kept(QuotaReached.per_week(1, date(2026, 11, 30))))
    with app.test_request_context(headers={"Accept-Language": "de"}):
        found = refusal_of(entry)
        assert found is not None
        assert say(found).startswith(
            "Der eine Termin, den Sie pro Woche buchen dürfen, ist gebucht. Ab 30.11."
        )


def test_for_programs_and_logs_it_is_the_sentence_for_many() -> None:
    sentence = Counted("%(number)s thing", "%(number)s things", "number")
    assert str(DomainError(sentence, number=3)) == "3 things"
