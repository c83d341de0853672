"""What the answers of providers mean."""

import pytest

from frontoffice.messages.outcomes import Meaning, Stage, of_smtp, of_twilio

MEANINGS = {
    Meaning.LATER: [20429],
    Meaning.RETRY: [30001, 30003, 30008, 30500],
    Meaning.DEAD: [21211, 21408, 21614, 21635, 30004, 30005, 30006, 30007],
    Meaning.SUPPRESS: [21610],
    Meaning.STOP: [20003, 20404, 21212, 21603, 21606, 21611, 21659, 21660, 30002],
}


@pytest.mark.parametrize(
    ("code", "meaning"), [(code, meaning) for meaning, codes in MEANINGS.items() for code in codes]
)
def test_every_code_of_twilio_has_its_meaning(code: int, meaning: Meaning) -> None:
    assert of_twilio(400, code) is meaning


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 99999, Meaning.DEAD),  # whatever it is, the mail gets through
        (400, None, Meaning.DEAD),
        (429, None, Meaning.LATER),
        (429, 20429, Meaning.LATER),
        (500, 20500, Meaning.UNKNOWN),
        (502, None, Meaning.UNKNOWN),
        (503, 20429, Meaning.UNKNOWN),
        (500, 21211, Meaning.UNKNOWN),  # a server that fails is not believed when it gives reasons
        (408, None, Meaning.UNKNOWN),
        (401, 20003, Meaning.STOP),
        (401, None, Meaning.STOP),
        (403, None, Meaning.STOP),
        (404, 20404, Meaning.STOP),
        (302, None, Meaning.STOP),
    ],
)
def test_the_status_counts_where_the_code_says_nothing(
    status: int, code: int | None, meaning: Meaning
) -> None:
    assert of_twilio(status, code) is meaning


@pytest.mark.parametrize(
    ("stage", "code", "meaning"),
    [
        (Stage.GREETING, 421, Meaning.LATER),
        (Stage.GREETING, 454, Meaning.LATER),
        (Stage.GREETING, 535, Meaning.STOP),
        (Stage.GREETING, 554, Meaning.STOP),
        (Stage.SENDER, 451, Meaning.LATER),
        (Stage.SENDER, 550, Meaning.STOP),
        (Stage.RECIPIENT, 450, Meaning.LATER),
        (Stage.RECIPIENT, 550, Meaning.DEAD),
        (Stage.CONTENT, 452, Meaning.LATER),
        (Stage.CONTENT, 554, Meaning.DEAD),
    ],
)
def test_a_mail_server_is_understood_by_stage_and_code(stage: Stage, code: int, meaning: Meaning) -> None:
    assert of_smtp(stage, code) is meaning
