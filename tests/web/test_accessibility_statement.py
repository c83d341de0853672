"""The accessibility statement says what is tested, and nothing else."""

from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from frontoffice.config import Accessibility, Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.web.accessibility import KNOWN_GAPS, TESTED, Claim
from frontoffice.web.app import create_app

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("claim", TESTED, ids=lambda claim: claim.test)
def test_what_the_statement_rests_on_is_a_test_of_ours(claim: Claim) -> None:
    assert f"def {claim.test}(" in (ROOT / claim.file).read_text(encoding="utf-8")


def test_every_page_leads_to_the_statement_and_it_says_whom_to_tell(
    client: FlaskClient, office: Office
) -> None:
    assert 'href="/accessibility"' in client.get("/").text
    page = client.get("/accessibility", headers={"Accept-Language": "en"}).text
    assert all(claim.sentence in page for claim in TESTED)
    assert all(gap in page for gap in KNOWN_GAPS)
    assert f"mailto:{office.mail}" in page
    assert "six weeks" in page
    assert "prepared on 30 November 2026 and last reviewed on 30 November 2026" in page
    assert "self-assessment" in page


def test_an_office_names_its_own_days_and_who_enforces_the_law(config: Config, database: Database) -> None:
    told = Accessibility(
        prepared=date(2027, 1, 4),
        reviewed=date(2027, 2, 5),
        body="Schlichtungsstelle",
        body_url="https://land.example/",
    )
    client = create_app(config.model_copy(update={"accessibility": told}), database).test_client()
    page = client.get("/accessibility", headers={"Accept-Language": "en"}).text
    assert "prepared on 4 January 2027 and last reviewed on 5 February 2027" in page
    assert '<a class="kern-link" href="https://land.example/"><bdi>Schlichtungsstelle</bdi></a>' in page
