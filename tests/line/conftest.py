"""What every test of the line can rely on."""

import pytest

from frontoffice.line import waiting_time


@pytest.fixture(autouse=True)
def _worked_out_at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine may work the expected wait out anew at each step, too."""
    monkeypatch.setattr(waiting_time, "SHARE", 0.0)
