"""What stands in `deploy/` fits together, and fits the program: as far as that can be seen without running it."""

import fnmatch
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from sqlalchemy import select

from frontoffice import cli, clock, config, worker
from frontoffice.db import Database
from frontoffice.documents import delivery_api
from frontoffice.operations import metrics
from frontoffice.web import watch
from frontoffice.web.app import LARGEST_REQUEST
from tests.web.doors import application

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted((DEPLOY / "systemd").glob("*.*"))


def test_compose_runs_two_webs_and_two_workers_from_secrets_in_files() -> None:
    services = COMPOSE["services"]
    ours = [name for name in services if re.fullmatch(r"(web|worker)-\d", name)]
    assert ours == ["web-1", "web-2", "worker-1", "worker-2"]
    for name in ours:
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "ports" not in service, "only the proxy is reached from outside"
        assert service["depends_on"] == {"upgrade": {"condition": "service_completed_successfully"}}
        assert service["networks"] == ["inside", "outside"], (
            "to who signs staff in, to who sends SMS and mail"
        )
    assert set(services["proxy"]["networks"]) == {"inside", "outside"}
    assert services["database"]["networks"] == services["upgrade"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in services["web-1"]["secrets"]:
        assert COMPOSE["secrets"][name]["file"] == f"secrets/{name}"


def test_what_compose_sets_is_a_configuration(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "compose" / "make-secrets", tmp_path / "make-secrets")
    made = subprocess.run([tmp_path / "make-secrets"], check=False, capture_output=True, text=True)
    assert made.returncode == (0 if os.geteuid() == 0 else 1)
    assert ("sudo chown 10001" in made.stderr) == (os.geteuid() != 0)
    said = dict(
        line.split("=", 1)
        for line in (DEPLOY / "compose" / "settings.env.example").read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    said |= COMPOSE["services"]["web-1"]["environment"]
    here = {name: value.replace("/run/secrets", str(tmp_path / "secrets")) for name, value in said.items()}
    settings = config.load(None, here)
    assert settings.web.proxies == 1
    assert len(settings.site.secret_keys[0]) >= 43
    assert settings.messages.metrics is not None
    password = (tmp_path / "secrets" / "database_password").read_text()
    assert (
        tmp_path / "secrets" / "pgpass"
    ).read_text() == f"database:5432:frontoffice:frontoffice:{password}\n"
    assert {each.stat().st_mode & 0o777 for each in (tmp_path / "secrets").iterdir()} == {0o600}
    before = {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()}
    subprocess.run([tmp_path / "make-secrets"], check=os.geteuid() == 0)
    assert before == {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_secrets_that_the_containers_cannot_read_are_no_success() -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path lies where only root comes
        folder = Path(name)
        script = Path(shutil.copy(DEPLOY / "compose" / "make-secrets", folder / "make-secrets"))
        os.chown(folder, 12345, 12345)
        made = subprocess.run([script], user=12345, group=12345, check=False, capture_output=True, text=True)
        assert made.returncode == 1
        assert "sudo chown 10001 secrets/secret_keys secrets/pgpass secrets/metrics_token" in made.stderr
        for file in ("secret_keys", "pgpass", "metrics_token"):
            os.chown(folder / "secrets" / file, 10001, -1)
        assert subprocess.run([script], user=12345, group=12345, check=False).returncode == 0


def test_processes_of_compose_get_on_with_the_connections_that_postgresql_has() -> None:
    [allowed] = [
        each for each in COMPOSE["services"]["database"]["command"] if each.startswith("max_connections=")
    ]
    each_web = int(COMPOSE["services"]["web-1"]["environment"]["FRONTOFFICE_DATABASE__CONNECTIONS"])
    assert 2 * each_web + 2 * 22 <= int(allowed.partition("=")[2]) - 3


def test_every_command_that_is_started_exists() -> None:
    started = [
        service.get("command", ["serve"]) for name, service in COMPOSE["services"].items() if "-" in name
    ]
    started += [["upgrade"], COMPOSE["services"]["worker-1"]["healthcheck"]["test"][2:]]
    for unit in UNITS:
        started += re.findall(
            r"^ExecStart=/opt/frontoffice/bin/frontoffice --config \S+ (\w+)", unit.read_text(), re.M
        )
    names = {each if isinstance(each, str) else each[0] for each in started}
    assert names == {"serve", "worker", "upgrade", "ready", "backup"}
    with click.Context(cli.main) as context:
        assert names <= set(cli.main.list_commands(context))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_understands_its_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"), flags=re.M)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "frontoffice" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_services_may_do_little() -> None:
    for unit in UNITS:
        if unit.suffix != ".service":
            continue
        text = unit.read_text(encoding="utf-8")
        for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "UMask=0077"):
            assert line in text, (unit.name, line)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here")
def test_nginx_understands_its_configuration(tmp_path: Path) -> None:
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout"]
    files = [str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*key, *files], check=True, capture_output=True)
    text = (DEPLOY / "nginx" / "frontoffice.conf").read_text(encoding="utf-8")
    for known, here in (
        ("/etc/ssl/frontoffice", str(tmp_path)),
        ("/var/log/nginx", str(tmp_path)),
        ("/etc/nginx/frontoffice-headers.conf", str(DEPLOY / "nginx" / "frontoffice-headers.conf")),
    ):
        text = text.replace(known, here)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ {text} }}", encoding="utf-8"
    )
    command = ["nginx", "-t", "-e", str(tmp_path / "errors"), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_both_proxies_let_through_what_a_delivery_may_be() -> None:
    nginx = (DEPLOY / "nginx" / "frontoffice.conf").read_text(encoding="utf-8")
    caddy = (DEPLOY / "compose" / "Caddyfile").read_text(encoding="utf-8")
    [(where, block)] = re.findall(r"location ~ (\^/api\S+) \{(.*?)\n    \}", nginx, re.S)
    [allowed] = re.findall(r"client_max_body_size (\d+)m;", block)
    [paths, megabytes] = re.findall(
        r"@deliveries path (.+)\n\trequest_body @deliveries \{\n\t\tmax_size (\d+)MiB", caddy
    )[0]
    assert int(allowed) * 1024**2 == int(megabytes) * 1024**2 == delivery_api.LARGEST
    [usual] = re.findall(r"^    client_max_body_size (\d+)m;", nginx, re.M)
    [others] = re.findall(r"@others \{\n\t\tmax_size (\d+)MB", caddy)
    assert LARGEST_REQUEST < int(usual) * 1024**2 < delivery_api.LARGEST
    assert LARGEST_REQUEST < int(others) * 1000**2 < delivery_api.LARGEST
    taking = {
        rule.rule.rstrip("/")
        for rule in application().url_map.iter_rules()
        if "PUT" in (rule.methods or ()) and re.fullmatch(where, rule.rule)
    }
    assert taking == set(paths.split()) == {"/api/v1/watches", "/api/v1/cards"}
    assert f"@others not path {paths}\n" in caddy


def test_neither_proxy_logs_links_or_addresses() -> None:
    nginx = (DEPLOY / "nginx" / "frontoffice.conf").read_text(encoding="utf-8")
    [layout] = re.findall(r"log_format frontoffice '(.*)';", nginx)
    assert not {"$request", "$request_uri", "$uri", "$remote_addr", "$http_referer", "$args"} & set(
        layout.split()
    )
    caddy = (DEPLOY / "compose" / "Caddyfile").read_text(encoding="utf-8")
    first = re.match(r"\{\n(?:\t#.*\n)*\tlog default \{\n\t\texclude (.+)\n\t\}\n\}\n", caddy)
    assert first, "it tells of failed requests unless the options at the top say otherwise"
    assert {"http.log.error", "http.log.access", "http.handlers.reverse_proxy"} == set(first[1].split())
    assert not re.search(r"^\s*log\b", caddy[first.end() :], re.M)


def test_alerts_ask_for_metrics_that_are_told(database: Database, context: worker.Context) -> None:
    for job in worker.JOBS:
        worker.tick(job, context)
    context.pulse.beat(database)
    with database.read() as session:
        assert session.scalar(select(1))
        told = metrics.exposition(session, clock.now()).decode()
    watch.BUSY.inc(0)
    names = set(re.findall(r"^# TYPE (\w+)", told, re.M))
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\b(frontoffice_\w+)", text))
    assert asked
    assert {re.sub(r"_bucket$", "", name) for name in asked} <= names, asked - names
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert all({"alert", "expr", "labels", "annotations"} <= set(rule) for rule in rules)


def test_nothing_that_the_image_is_made_of_is_left_out_of_it() -> None:
    """What is copied by name, and what the wheel is made of."""
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.M
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    read = re.findall(r'"([\w./-]+)": ', (ROOT / "hatch_build.py").read_text(encoding="utf-8"))
    needed = {name for names in copied for name in names.split()} - {"."}
    needed |= {*wheel, "hatch_build.py", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= {name for name in read if (ROOT / name).exists()}
    assert {"package-lock.json", "frontoffice", "requirements.lock"} <= needed
    made_there = {"assets/built"}  # in the stage before, and copied from it
    assert [
        name
        for name in needed - made_there
        if any(fnmatch.fnmatch(name, each.rstrip("/")) for each in left_out)
    ] == []


def test_images_are_of_a_named_version() -> None:
    bases = re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.M)
    used = [service["image"] for service in COMPOSE["services"].values() if "image" in service]
    assert len(bases) == 3
    for image in {*bases, *used} - {"frontoffice"}:
        assert re.search(r":\d+", image) or image.startswith("frontoffice"), image


def test_the_image_is_made_from_locked_parts_and_runs_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    installs = [line for line in text.replace("\\\n", " ").splitlines() if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert text.rindex("USER 10001") > text.rindex("FROM ")
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        for name in copied.split():
            assert (ROOT / name).exists(), name
