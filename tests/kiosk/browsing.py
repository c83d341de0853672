"""A real browser for the kiosk's tests."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.kiosk.lobby import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)

needs_browser = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found"),
    pytest.mark.skipif(
        not (ROOT / "assets/built/js/kiosk.js").exists(), reason="assets are not built: make build"
    ),
]


def new_browser(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """A Chromium, closed afterwards."""
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic", *arguments]
    )
    yield browser
    browser.close()
