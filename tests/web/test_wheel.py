"""The wheel carries everything it needs and runs outside the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

VISIT = """
import sys
from frontoffice import config, paths, serving, schema
from frontoffice.db import Database
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
import frontoffice, kiosk

settings = config.load(None)
database = Database(settings.database.url, Vault(settings.site.secret_keys))
schema.upgrade(database)
visitor = create_app(settings, serving.open_database(settings)).test_client()
page = visitor.get("/", headers={"Accept-Language": "de"})
style = visitor.get("/static/css/site.css")
print(frontoffice.__file__, kiosk.__file__, page.status_code, style.status_code, "Termin" in page.text)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel contains."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_runs_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FRONTOFFICE_")},
        "PYTHONPATH": str(installed),
        "FRONTOFFICE_SITE__BASE_URL": "http://localhost",
        "FRONTOFFICE_SITE__SECRET_KEYS": '["0123456789abcdef0123456789abcdef"]',
        "FRONTOFFICE_DATABASE__URL": f"sqlite:///{tmp_path}/frontoffice.db",
    }
    done = subprocess.run(
        [sys.executable, "-c", VISIT],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    office, kiosk, *rest = done.stdout.splitlines()[-1].split()
    assert Path(office).is_relative_to(installed)
    assert Path(kiosk).is_relative_to(installed)
    assert rest == ["200", "200", "True"]


def test_the_wheel_brings_the_kiosk_its_pages_and_styles(installed: Path) -> None:
    for needed in (
        "templates/kiosk/start.html",
        "static/css/kiosk.css",
        "translations/de/LC_MESSAGES/messages.mo",
    ):
        assert (installed / "frontoffice" / needed).exists(), needed


def test_the_wheel_carries_the_licence(installed: Path) -> None:
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))
