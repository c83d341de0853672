"""The table of `docs/roles.md`: who may do what, written from the program. `make roles` writes it anew."""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Flask

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.staff.models import Role
from frontoffice.staff.roles import MAY, Permission
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from frontoffice.web.needs import Door, Kind, Need, doors

DOCUMENT = Path(__file__).parents[2] / "docs" / "roles.md"
BEGINS = "<!-- From here on written by `make roles`; change frontoffice/staff/roles.py and the routes instead. -->\n"
SHORT = {
    Role.FRONT_DESK: "FD",
    Role.CASEWORKER: "CW",
    Role.TEAM_LEAD: "TL",
    Role.ADMINISTRATOR: "AD",
    Role.AUDITOR: "AU",
}
EVERYBODY: dict[Need, str] = {
    Kind.PUBLIC: "everybody",
    Kind.LINK: "who has the link or its secret",
    Kind.ACCOUNT: "every account",
    Kind.DEVICE: "a paired device",
    Kind.PARTNER: "a partner's token",
    Kind.SYSTEM: "the specialist system's token",
    Kind.PROVIDER: "a provider's signature",
    Kind.MONITORING: "the monitoring's token",
}


def application() -> Flask:
    """An application to read the routes of; it has no database."""
    key = "a key that opens nothing, for reading only"
    config = Config.model_validate(
        {"site": {"base_url": "http://localhost", "secret_keys": [key]}, "database": {"url": "sqlite:///x"}}
    )
    return create_app(config, Database("sqlite:///nowhere.db", Vault([key])))


def may_enter(role: Role | None, needs: Iterable[Need]) -> bool:
    """Whether an account with the role is let in (at its offices), or somebody who is not signed in (None)."""
    return Kind.PUBLIC in needs or (
        role is not None and any(need is Kind.ACCOUNT or need in MAY[role] for need in needs)
    )


def written(app: Flask) -> str:
    """The part of the document that is written from the program."""
    return BEGINS + "\n".join(("", *_permissions(), "", *_routes(app), ""))


def _permissions() -> Iterator[str]:
    yield "## Permissions"
    yield ""
    yield "| permission | what it lets one do | " + " | ".join(SHORT.values()) + " |"
    yield "|---|---|" + "---|" * len(SHORT)
    means = dict(re.findall(r'(\w+) = "\w+" +# (.+)', inspect.getsource(Permission)))
    for permission in Permission:
        marks = " | ".join("✓" if permission in MAY[role] else "" for role in SHORT)
        yield f"| {permission.name} | {means[permission.name]} | {marks} |"


def _routes(app: Flask) -> Iterator[str]:
    yield "## Pages and operations"
    yield ""
    yield "| route | what it does | needs | " + " | ".join(SHORT.values()) + " |"
    yield "|---|---|---|" + "---|" * len(SHORT)
    for door in doors(app):
        wanted = " or ".join(EVERYBODY.get(each, each.name) for each in sorted(door.needs))
        marks = " | ".join("✓" if may_enter(role, door.needs) else "" for role in SHORT)
        yield f"| `{door.method} {_path(door)}` | {_purpose(app, door)} | {wanted} | {marks} |"


def _path(door: Door) -> str:
    return re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", door.rule.rule)


def _purpose(app: Flask, door: Door) -> str:
    said = inspect.getdoc(app.view_functions[door.rule.endpoint]) or "The description of the API (OpenAPI)."
    return said.partition("\n")[0].replace("|", "\\|").rstrip(".")


def main() -> None:
    """Write the document anew."""
    kept = DOCUMENT.read_text(encoding="utf-8").partition(BEGINS)[0]
    DOCUMENT.write_text(kept + written(application()), encoding="utf-8")


if __name__ == "__main__":
    main()
