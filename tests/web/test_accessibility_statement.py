"""The accessibility statement says what is tested, and nothing else."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from frontoffice.offices.models import Office
from frontoffice.web.accessibility import KNOWN_GAPS, TESTED, Claim

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
