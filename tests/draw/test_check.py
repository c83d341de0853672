"""`frontoffice draw check`: anybody can work a draw out again."""

import json
from pathlib import Path

from click.testing import CliRunner

from frontoffice.cli import main
from frontoffice.draw import lottery
from frontoffice.draw.lottery import Ticket

SEED = "5eed" * 16
DRAWN = [Ticket(f"AAAA{number:04}", 60) for number in range(8)]


def run(folder: Path, text: str) -> tuple[int, str]:
    file = folder / "draw.json"
    file.write_text(text, encoding="utf-8")
    answer = CliRunner().invoke(main, ["draw", "check", str(file)])
    return answer.exit_code, answer.output


def record() -> dict[str, object]:
    return lottery.record(
        code="K7M2PXQ4",
        seed=SEED,
        commitment=lottery.commitment(SEED),
        list_digest=lottery.list_digest(DRAWN),
        tickets=DRAWN,
        order=lottery.order(SEED, DRAWN),
    )


def test_a_true_record_passes(tmp_path: Path) -> None:
    code, said = run(tmp_path, json.dumps(record()))
    assert code == 0
    assert "8 requests in the order that the seed gives" in said


def test_a_changed_record_fails_and_says_why(tmp_path: Path) -> None:
    changed = record()
    changed["order"] = sorted(lottery.order(SEED, DRAWN))
    code, said = run(tmp_path, json.dumps(changed))
    assert code == 1
    assert "the order is not the one that seed and list give" in said


def test_something_else_fails_in_one_line(tmp_path: Path) -> None:
    assert run(tmp_path, "no json")[0] == 1
    code, said = run(tmp_path, "[]")
    assert (code, "no record of a draw" in said) == (1, True)
    assert "Traceback" not in said
