"""The command line: demo, serve, worker, upgrade, doctor, office, staff, device."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

import frontoffice.booking.checks
import frontoffice.line.checks
from frontoffice import __version__, clock, config, logs, schema, serving, worker
from frontoffice.booking import planning
from frontoffice.config import Config, ConfigError
from frontoffice.db import Database
from frontoffice.demo import running
from frontoffice.errors import DomainError, Invalid
from frontoffice.offices import office_file
from frontoffice.offices.models import Office
from frontoffice.staff import accounts, devices
from frontoffice.staff.models import DeviceKind, Role
from frontoffice.vault import Vault

CONFIG_FILE = Path("config.toml")
CHECKS = (frontoffice.booking.checks.differences, frontoffice.line.checks.differences)


class Commands(click.Group):
    """Commands that say what is wrong in one line, without a traceback, where the user can mend it."""

    def invoke(self, context: click.Context) -> object:
        """Called by click."""
        try:
            return super().invoke(context)
        except (ConfigError, DomainError) as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands)
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="FRONTOFFICE_CONFIG",
    help="The configuration file; config.toml in this folder if there is one.",
)
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context, path: Path | None) -> None:
    """Appointments, the line and reminders for immigration offices."""
    context.obj = path or (CONFIG_FILE if CONFIG_FILE.exists() else None)


def _config(context: click.Context) -> Config:
    return config.load(context.find_root().obj)


def _database(context: click.Context) -> Database:
    return serving.open_database(_config(context))


@main.command()
@click.option(
    "--port", default=8000, show_default=True, help="Where the office is served; the kiosk gets port + 100."
)
@click.option("--data", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--reset", is_flag=True, help="Forget everything and start over.")
def demo(port: int, data: Path, reset: bool) -> None:
    """Try it out: a sample office with web, kiosk and worker on this machine. Nothing leaves it."""
    running.run(data, port, reset=reset, say=click.echo)


@main.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """Serve the pages and the API."""
    logs.configure()
    serving.serve(_config(context))


@main.command(name="worker")
@click.pass_context
def work(context: click.Context) -> None:
    """Send what is due and keep things tidy, until told to stop."""
    logs.configure()
    worker.run(_config(context), _database(context))


@main.command()
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Bring the database to the tables of this version."""
    settings = _config(context)
    database = Database(settings.database.url, Vault(settings.site.secret_keys))
    schema.upgrade(database)
    click.echo("The database is up to date.")


@main.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check that the data agrees with itself; exit code 1 and one line each where it does not."""
    with _database(context).read() as session:
        found = [difference for check in CHECKS for difference in check(session)]
    for difference in found:
        click.echo(difference)
    if found:
        raise click.ClickException(f"{len(found)} differences found.")
    click.echo("Everything agrees.")


@main.group()
def office() -> None:
    """Offices."""


@office.command(name="add")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def add_office(context: click.Context, file: Path) -> None:
    """Add an office from a TOML FILE; office.example.toml shows how."""
    settings, now = _config(context), clock.now()
    draft = office_file.parse(file.read_text(encoding="utf-8"))
    with serving.open_database(settings).write() as session:
        today = now.astimezone(ZoneInfo(draft.time_zone)).date()
        added = office_file.add(session, draft, today)
        planning.plan(session, added, today, settings.booking.horizon_days, now)
    click.echo(f"Added {draft.name}: {settings.site.base_url}/book/{draft.slug}/")


@main.group()
def staff() -> None:
    """Accounts of staff."""


@staff.command(name="add")
@click.argument("username")
@click.option("--name", prompt="Full name", help="As colleagues know the person.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.FRONT_DESK.value,
    show_default=True,
)
@click.option("--office", "slug", help="Only at this office; without it, at every office.")
@click.password_option(help="Asked for when left out, which keeps it out of the shell's history.")
@click.pass_context
def add_staff(
    context: click.Context, username: str, name: str, role: str, slug: str | None, password: str
) -> None:
    """Add the account USERNAME."""
    with _database(context).write() as session:
        place = _office(session, slug) if slug else None
        accounts.add(session, username, name, password, Role(role), place, clock.now())
    click.echo(f"Added {username} ({role}).")


@main.group()
def device() -> None:
    """Kiosks and displays."""


@device.command(name="pair")
@click.argument("name")
@click.option("--office", "slug", required=True, help="Where the device stands.")
@click.pass_context
def pair_device(context: click.Context, name: str, slug: str) -> None:
    """Print a one-time code for the kiosk NAME, which is added where it is not known yet."""
    settings, now = _config(context), clock.now()
    with serving.open_database(settings).write() as session:
        place = _office(session, slug)
        kiosk = devices.find(session, place, name)
        if kiosk is None:
            kiosk, code = devices.add(session, place, name, DeviceKind.KIOSK, now)
        else:
            code = devices.issue_code(session, kiosk, now)
    click.echo(f"Code: {code}   (once, within {devices.CODE_MINUTES} minutes; series {kiosk.series})")
    click.echo(f"On the device: frontoffice-kiosk pair --office-url {settings.site.base_url} --code {code}")


def _office(session: Session, slug: str) -> Office:
    found = session.scalar(select(Office).where(Office.slug == slug))
    if found is None:
        known = ", ".join(session.scalars(select(Office.slug).order_by(Office.slug))) or "none yet"
        raise Invalid("office", f"There is no office “{slug}”. Known are: {known}.")
    return found
