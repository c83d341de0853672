"""The log says what happened and where, and nothing about whom."""

import json
import subprocess
import sys
from pathlib import Path

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.web.app import create_app

ROOT = Path(__file__).parents[2]

# In a process of its own, because what a log is written to belongs to the whole process.
STUMBLE = """
import sys
from flask import request
from frontoffice import logs
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.vault import Vault
from frontoffice.web.app import create_app

def stumble():
    name = request.json["name"]
    raise ValueError(f"cannot handle {name}")

logs.configure()
config = Config.model_validate_json(sys.argv[1])
app = create_app(config, Database(config.database.url, Vault(config.site.secret_keys)))
app.add_url_rule("/api/v1/stumble", "stumble", stumble, methods=["POST"])
app.extensions["csrf"].exempt(stumble)
print(app.test_client().post("/api/v1/stumble", json={"name": "Amina Diallo"}).status_code)
"""


def test_an_unexpected_error_is_logged_without_what_people_typed(config: Config) -> None:
    command = [sys.executable, "-c", STUMBLE, config.model_dump_json()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "500\n"
    assert "Amina" not in done.stderr
    failed, answered = (json.loads(line) for line in done.stderr.splitlines())
    (error,) = failed["exception"]
    assert (answered["event"], answered["rule"], answered["status"]) == ("request", "/api/v1/stumble", 500)
    assert failed["request"] == answered["request"]
    assert error["type"] == "ValueError"
    assert error["places"][-1].endswith(" stumble")


def test_json_nested_without_end_is_refused(config: Config, database: Database) -> None:
    client = create_app(config, database).test_client()
    answer = client.post("/api/v1/holds", data="[" * 100_000, content_type="application/json")
    assert answer.status_code == 422
