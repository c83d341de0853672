"""The command line: running, looking after and moving the house; keys, offices, staff, devices, partners."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import frontoffice.booking.checks
import frontoffice.documents.card_upkeep
import frontoffice.documents.watch_checks
import frontoffice.line.checks
import frontoffice.messages.checks
import frontoffice.operations.checks
import frontoffice.waitlist.checks
from frontoffice import __version__, clock, config, logs, pulse, rotation, schema, serving, worker
from frontoffice.administration import changing
from frontoffice.booking import references, sheet
from frontoffice.booking.models import Appointment
from frontoffice.config import Config, ConfigError
from frontoffice.db import Database
from frontoffice.demo import running
from frontoffice.documents import commands
from frontoffice.documents.importing import Complete
from frontoffice.draw import lottery
from frontoffice.errors import Conflict, DomainError, Invalid
from frontoffice.insight import people
from frontoffice.messages import addresses
from frontoffice.offices import drafting, office_file
from frontoffice.offices.draft import OfficeDraft
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.operations import backup, checks, health, moving
from frontoffice.partners import quota as quotas
from frontoffice.partners import registering
from frontoffice.partners.models import Partner, PartnerKind, Period, Scope
from frontoffice.partners.registering import Terms
from frontoffice.personal import Who
from frontoffice.staff import accounts, administering, devices
from frontoffice.staff.models import Account, DeviceKind, Role
from frontoffice.vault import Vault

Named = TypeVar("Named", Service, Schedule)

BY_HAND = "cli"  # by what name events know who works on the command line
CONFIG_FILE = Path("config.toml")
CHECKS = (
    frontoffice.booking.checks.differences,
    frontoffice.documents.watch_checks.differences,
    frontoffice.line.checks.differences,
    frontoffice.waitlist.checks.differences,
    frontoffice.documents.card_upkeep.differences,
    frontoffice.messages.checks.differences,
    frontoffice.operations.checks.differences,
)


class Commands(click.Group):
    """Commands that say what is wrong in one line, without a traceback, where the user can mend it."""

    def invoke(self, context: click.Context) -> object:
        """Called by click."""
        try:
            return super().invoke(context)
        except (ConfigError, DomainError) as error:
            raise click.ClickException(str(error)) from None
        except OperationalError as error:
            raise click.ClickException(_unusable(error)) from None


def _unusable(error: OperationalError) -> str:
    """What the driver says of a connection that failed (host, user, database); of a statement only its kind."""
    if error.statement is not None:
        return f"The database gave up ({type(error.orig).__name__}). Try again when less is going on."
    said = " ".join(str(error.orig).split())
    folder = "; does its folder exist, and may this user write there?" if "unable to open" in said else ""
    return f"database.url: {said}{folder}"


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
@click.option("--twilio", help="Send SMS to a stand-in at this address (python -m tests.messages.fake_page).")
def demo(port: int, data: Path, reset: bool, twilio: str | None) -> None:
    """Try it out: a sample office with web, kiosk and worker on this machine. Nothing leaves it."""
    logs.configure("warning")  # web, worker and kiosk have logs of their own
    running.run(data, port, reset=reset, say=click.echo, twilio=twilio)


@main.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """Serve the pages and the API."""
    settings = _config(context)
    logs.configure(settings.logs.level)
    serving.serve(settings)


@main.command(name="worker")
@click.pass_context
def work(context: click.Context) -> None:
    """Send what is due and keep things tidy, until told to stop."""
    settings = _config(context)
    logs.configure(settings.logs.level)
    worker.run(settings, serving.open_database(settings))


@main.command()
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Bring the database to the tables of this version."""
    settings = _config(context)
    database = Database(settings.database.url, Vault(settings.site.secret_keys))
    try:
        schema.upgrade(database)
    except OperationalError as error:
        if error.statement is None:
            raise
        kind = type(error.orig).__name__
        raise ConfigError(
            f"database.url: the tables could not be changed ({kind}). What was done stays done; "
            "run it again when less is going on"
        ) from None
    click.echo("The database is up to date.")


@main.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check that the data agrees with itself and the machine is fit; exit code 1 and one line each where not."""
    settings = _config(context)
    database = serving.open_database(settings)
    with database.read(snapshot=True) as session:
        found = [difference for check in CHECKS for difference in check(session)]
    found += checks.surroundings(settings, context.find_root().obj, database, clock.now())
    for difference in found:
        click.echo(difference)
    if found:
        raise click.ClickException(f"{len(found)} differences found.")
    click.echo("Everything agrees.")


@main.command()
@click.option("--worker", "of_worker", is_flag=True, help="Ask for a worker of this machine or container.")
@click.pass_context
def ready(context: click.Context, of_worker: bool) -> None:
    """Whether the database can be used (exit code 0); with --worker, whether a worker works here. For health checks."""
    database = _database(context)
    if of_worker and not health.worker_alive(database, clock.now()):
        raise click.ClickException("No worker of this machine was heard of within a minute.")
    click.echo("Ready.")


@main.command(name="backup")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(0), default=0, help="In a folder: keep only the newest so many.")
@click.pass_context
def back_up(context: click.Context, target: Path, keep: int) -> None:
    """Copy the SQLite database to the file or into the folder TARGET, while everything runs.

    The copy is whole and checked. It does not hold the keys: keep those elsewhere, and do not lose them.
    """
    click.echo(f"Wrote {backup.backup(_config(context).database.url, target, clock.now(), keep)}")


@main.command(name="restore-check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def check_backup(context: click.Context, file: Path) -> None:
    """Try a backup of SQLite: put FILE back beside, open it with the present keys, and run all checks on it."""
    looked = backup.look(file, _config(context).site.secret_keys, CHECKS)
    if not looked.usable:
        raise click.ClickException(
            f"Its tables are those of version {looked.revision}, this is {schema.head()}: "
            "put it back and run `frontoffice upgrade`, or use the version it was made with."
        )
    for difference in looked.found:
        click.echo(difference)
    if looked.found:
        raise click.ClickException(f"{len(looked.found)} differences found.")
    last = f"{looked.last_event:%Y-%m-%d %H:%M} UTC" if looked.last_event else "never"
    click.echo(f"It can be put back: {looked.appointments} appointments; something happened last: {last}.")


@main.command(name="copy-to")
@click.argument("url")
@click.pass_context
def copy_to(context: click.Context, url: str) -> None:
    """Copy everything to the empty PostgreSQL database at URL. Stop web and workers first.

    Leave the password out of URL and give it as PGPASSWORD or in ~/.pgpass: others can see what is typed here.
    """
    settings = _config(context)
    source = serving.open_database(settings)
    with source.read() as session:
        if pulse.alive(session, clock.now()):
            raise Conflict(
                "A worker still works, or did a minute ago. Stop web and workers, and wait a minute."
            )
    try:
        address = type(settings.database)(url=url).url
    except ValueError:
        raise Invalid("url", "Name the database like this: postgresql://USER@HOST/NAME") from None
    moved = moving.move(source, Database(address, Vault(settings.site.secret_keys)), click.echo)
    click.echo(
        f"{sum(moved.rows.values())} rows were copied. Now set database.url and start web and workers."
    )


@main.group()
def keys() -> None:
    """The keys that seal personal data."""


@keys.command(name="rotate")
@click.option(
    "--hashes", is_flag=True, help="The same with one key only: after an upgrade that keeps new keyed hashes."
)
@click.pass_context
def rotate_keys(context: click.Context, hashes: bool) -> None:
    """Seal everything with the first of site.secret_keys.

    Put a new key first, keep the old one behind it, and start all processes anew; then run this, while they work.
    """
    settings = _config(context)
    if len(settings.site.secret_keys) < 2 and not hashes:
        raise Invalid(
            "keys", "There is one key only. Put a new one first in site.secret_keys, before the old one."
        )
    done = rotation.rotate(serving.open_database(settings))
    for name, number in done.resealed.items():
        click.echo(f"{name}: {number} sealed anew")
    click.echo(f"{done.rehashed} keyed hashes made anew")
    if not hashes:
        click.echo(
            "Nothing is sealed with the older key any more. Keep it in the list for as long as these are to go on "
            "working: links in messages that were sent, blocks, and opt-outs of people of whom nothing else is kept."
        )
    if done.unreadable:
        raise click.ClickException(f"{done.unreadable} fields can be opened with none of the keys.")


@main.group(name="import")
def deliveries() -> None:
    """Deliveries of the specialist system."""


def _delivery(command: Callable[..., None]) -> Callable[..., None]:
    """What every delivery can be given with."""
    for option in reversed(
        [
            click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
            click.option("--office", "slug", help="For rows that name no office."),
            click.option("--partner", "name", help="In the name of this partner, as over the API."),
            click.option(
                "--complete", is_flag=True, help="It holds everything: what is not in it has ended."
            ),
            click.option("--rows", type=click.IntRange(0), help="How many rows the file should have."),
            click.option("--yes", is_flag=True, help="End what is missing, however much that is."),
            click.option(
                "--report", type=click.Path(path_type=Path, dir_okay=False), help="Keep all bad rows there."
            ),
        ]
    ):
        command = option(command)
    return command


@deliveries.command(name="watches")
@_delivery
@click.pass_context
def import_watches(
    context: click.Context,
    file: Path,
    slug: str | None,
    name: str | None,
    complete: bool,
    rows: int | None,
    yes: bool,
    report: Path | None,
) -> None:
    """Take in documents whose end people are to be reminded of, from a CSV or JSON FILE.

    The same file again changes nothing, so one that was interrupted is simply given again.
    """
    settings = _config(context)
    database = serving.open_database(settings)
    target = commands.watches(database, settings.documents, slug, name)
    meant = Complete(rows, yes) if complete else None
    commands.end_of(
        commands.take(database, file, target, clock.now, complete=meant, rows=rows, report_to=report)
    )


@deliveries.command(name="cards")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--office", "slug", help="For rows that name no office.")
@click.option("--partner", "name", help="In the name of this partner, as over the API.")
@click.option("--rows", type=click.IntRange(0), help="How many rows the file should have.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Keep all bad rows there.")
@click.pass_context
def import_cards(
    context: click.Context,
    file: Path,
    slug: str | None,
    name: str | None,
    rows: int | None,
    report: Path | None,
) -> None:
    """Take in where cards are, from a CSV or JSON FILE.

    The same file again changes nothing, and no card is taken back.
    """
    settings = _config(context)
    database = serving.open_database(settings)
    target = commands.cards(database, settings, slug, name)
    commands.end_of(
        commands.take(database, file, target, clock.now, complete=None, rows=rows, report_to=report)
    )


def _of_whom(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which a person is named."""
    for option in (
        click.option("--phone", help="The mobile number. Others may share it: look at what is found."),
        click.option("--mail", help="The mail address. Others may share it: look at what is found."),
        click.option("--born", type=click.DateTime(["%Y-%m-%d"]), help="With --name: 1990-05-17."),
        click.option("--name", help="With --born: the name, its words in any order."),
        click.option("--code", help="A booking code: that appointment, and what belongs to it."),
    ):
        command = option(command)
    return command


def _who(session: Session, named: Mapping[str, Any]) -> Who:
    try:
        mail = addresses.mail_address(named["mail"]) if named["mail"] else None
        phone = addresses.phone_number(named["phone"]) if named["phone"] else None
    except Invalid as wrong:
        raise Invalid(wrong.field, f"This {wrong.field} cannot be one. Please check it.") from None
    if bool(named["name"]) != bool(named["born"]):
        raise Invalid("name", "A name alone is nobody. Give --name and --born together.")
    subjects = frozenset({_appointment_of(session, named["code"])} if named["code"] else ())
    if not (subjects or named["name"] or mail or phone):
        raise Invalid("who", "Say whom: --code, --name with --born, --mail or --phone.")
    born = named["born"].date() if named["born"] else None
    return Who(named["name"], born, mail, phone, subjects)


def _appointment_of(session: Session, code: str) -> str:
    reference = references.tidy(code)
    number = (
        session.scalar(select(Appointment.id).where(Appointment.reference == reference))
        if reference
        else None
    )
    if number is None:
        raise Invalid("code", f"There is no appointment with the code {code}.")
    return f"appointment:{number}"


@main.command(name="export-person")
@_of_whom
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="A file; else it is shown."
)
@click.pass_context
def export_person(context: click.Context, /, to: Path | None, **named: Any) -> None:
    """Hand over all that is stored about a person, as JSON (Article 15 GDPR)."""
    now = clock.now()
    with _database(context).write() as session:
        found = people.find(session, _who(session, named))
        people.happened(session, "person.exported", found, now, actor=BY_HAND)
        text = json.dumps(people.as_json(found, now), ensure_ascii=False, indent=2)
        if to is not None:
            _write_privately(to, text + "\n")
    if to is None:
        click.echo(text)
        return
    click.echo(f"{len(found)} records written to {to}. Keep it as safe as the database.")


def _write_privately(to: Path, text: str) -> None:
    """A new file that only its owner may read: one that is there already may be open to others, and stays as it is."""
    try:
        number = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{to} is there already. Please name a new file.") from None
    with open(number, "w", encoding="utf-8") as file:
        file.write(text)


@main.command(name="forget-person")
@_of_whom
@click.option(
    "--cancel", is_flag=True, help="Cancel appointments that are still to come, with the usual message."
)
@click.option("--yes", is_flag=True, help="Do it. Without it only what would be forgotten is listed.")
@click.pass_context
def forget_person(context: click.Context, /, cancel: bool, yes: bool, **named: Any) -> None:
    """Forget a person (Article 17 GDPR). Counts without names stay, and so do opt-outs and blocks."""
    settings, now = _config(context), clock.now()
    with serving.open_database(settings).write() as session:
        who = _who(session, named)
        found = people.find(session, who)
        for each in found:
            what = each.data.get("start") or each.data.get("kind") or each.data.get("day") or ""
            whose = each.data.get("name") or each.data.get("to") or ""
            click.echo(
                " ".join(filter(None, (each.kind, str(what), str(whose), each.stays and f"({each.stays})")))
            )
        if not yes:
            people.happened(session, "person.seen", found, now, actor=BY_HAND)
            click.echo(f"{len(found)} records. Nothing was changed; --yes forgets them.")
            return
        cancelled = 0
        if cancel:
            cancelled = people.cancel_coming(session, found, now, settings=settings, actor=BY_HAND)
            found = people.find(session, who)  # the messages about it are new
        gone = people.forget(session, found, now, actor=BY_HAND)
    click.echo(f"Forgotten: {gone.total()} records. Cancelled: {cancelled} appointments.")


@main.group()
def draw() -> None:
    """Fair draws."""


@draw.command(name="check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check_draw(file: Path) -> None:
    """Work a published draw out again from its FILE (the page of the draw offers it); exit code 1 if it is not so."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise Invalid("file", f"{file} is not JSON.") from None
    found = lottery.check(record) if isinstance(record, dict) else ["this is no record of a draw"]
    for difference in found:
        click.echo(difference)
    if found:
        raise click.ClickException("The draw is not as it was published.")
    click.echo(
        f"The draw is as it was published: {len(record['order'])} requests in the order that the seed gives."
    )


@main.group()
def office() -> None:
    """Offices."""


@office.command(name="add")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def add_office(context: click.Context, file: Path) -> None:
    """Add an office from a TOML FILE; office.example.toml shows how."""
    settings, draft = _config(context), office_file.parse(file.read_text(encoding="utf-8"))
    with serving.open_database(settings).write() as session:
        changing.add(session, draft, clock.now(), rules=settings.booking, actor=BY_HAND)
    click.echo(f"Added {draft.name}: {settings.site.base_url}/book/{draft.slug}/")


@office.command(name="change")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only say what would be different.")
@click.pass_context
def change_office(context: click.Context, file: Path, dry_run: bool) -> None:
    """Change an office by its edited TOML FILE. No appointment is dropped: what no longer fits is counted."""
    _change(context, office_file.parse(file.read_text(encoding="utf-8")), dry_run)


@office.command(name="export")
@click.argument("slug", metavar="OFFICE")
@click.pass_context
def export_office(context: click.Context, slug: str) -> None:
    """Print everything that is set for OFFICE as a TOML file, to be kept or to make another office from."""
    with _database(context).read(snapshot=True) as session:
        place = _office(session, slug)
        draft = drafting.draft_of(session, place, sheet.day_of(clock.now(), place.time_zone))
    click.echo(office_file.written(draft), nl=False)


@office.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only say what would be different.")
@click.pass_context
def import_office(context: click.Context, file: Path, dry_run: bool) -> None:
    """Add the office of a TOML FILE, or change the one with its slug."""
    draft = office_file.parse(file.read_text(encoding="utf-8"))
    with _database(context).read() as session:
        is_known = session.scalar(select(Office.id).where(Office.slug == draft.slug)) is not None
    if is_known:
        _change(context, draft, dry_run)
    elif dry_run:
        click.echo(f"Would add {draft.name}.")
    else:
        context.invoke(add_office, file=file)


def _change(context: click.Context, draft: OfficeDraft, dry_run: bool) -> None:
    settings, now = _config(context), clock.now()
    with serving.open_database(settings).write() as session:
        place = _office(session, draft.slug)
        if dry_run:
            effect = changing.look_ahead(session, place, draft, now, rules=settings.booking)
        else:
            effect = changing.change(session, place, draft, now, rules=settings.booking, actor=BY_HAND)
    for each in effect.differences:
        what = " ".join(word for word in (each.part, each.name, each.field) if word)
        values = each.before is not None or each.after is not None
        click.echo(f"{what}: {each.before} → {each.after}" if values else what)
    said = "Would change" if dry_run else "Changed"
    click.echo(f"{said} {draft.name}. Appointments that no longer fit: {len(effect.misfits)}")


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
@click.option("--own", is_flag=True, help="The password is that of whoever the account is for.")
@click.password_option(help="Asked for when left out, which keeps it out of the shell's history.")
@click.pass_context
def add_staff(
    context: click.Context, username: str, name: str, role: str, slug: str | None, own: bool, password: str
) -> None:
    """Add the account USERNAME. Its owner chooses another password at the first sign-in, but with --own.

    The first account of all is taken to be one's own.
    """
    with _database(context).write() as session:
        place = _office(session, slug) if slug else None
        is_own = own or not accounts.is_any(session)
        accounts.add(
            session,
            username,
            name,
            password,
            Role(role),
            place,
            clock.now(),
            actor=BY_HAND,
            is_own_password=is_own,
        )
    click.echo(f"Added {username} ({role}).")


@staff.command(name="reset-password")
@click.argument("username")
@click.pass_context
def reset_password(context: click.Context, username: str) -> None:
    """Print a link by which the owner of USERNAME sets a new password, once, within a day.

    The old password opens nothing any more, and all sign-ins end. For an administrator who is locked out, too.
    """
    settings = _config(context)
    with serving.open_database(settings).write() as session:
        account = _account(session, username)
        secret = administering.reset_password(session, account, clock.now(), actor=BY_HAND)
    click.echo(f"{settings.site.base_url}/staff/password/{secret}")


@staff.command(name="reset-second-factor")
@click.argument("username")
@click.pass_context
def reset_second_factor(context: click.Context, username: str) -> None:
    """Take the second factor of USERNAME away: the phone is lost, and so are the recovery codes."""
    with _database(context).write() as session:
        account = _account(session, username)
        administering.reset_totp(session, account, clock.now(), actor=BY_HAND)
    click.echo(f"{account.username} signs in with the password alone, and sets up a new second factor.")


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
    series = "a new letter" if kiosk.paired_at else f"series {kiosk.series}"
    click.echo(f"Code: {code}   (once, within {devices.CODE_MINUTES} minutes; {series})")
    click.echo(f"On the device: frontoffice-kiosk pair --office-url {settings.site.base_url} --code {code}")


@main.group()
def partner() -> None:
    """Partners: employers, universities, counselling centres, other systems."""


@partner.command(name="add")
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in PartnerKind]), required=True)
@click.option("--office", "slug", required=True, help="Where it may book.")
@click.option("--service", "services", multiple=True, help="Only this service; may be repeated.")
@click.option("--schedule", "schedules", multiple=True, help="On this schedule; may be repeated.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[Scope.BOOK.value],
    show_default=True,
    help="What it may do; may be repeated.",
)
@click.option("--quota", type=click.IntRange(0), help="Appointments in each period; without it any number.")
@click.option(
    "--per",
    type=click.Choice([period.value for period in Period]),
    default=Period.WEEK.value,
    show_default=True,
    help="The period of the quota.",
)
@click.option(
    "--open", "most_open", type=click.IntRange(0), help="Appointments still to come at the same time."
)
@click.pass_context
def add_partner(
    context: click.Context,
    name: str,
    kind: str,
    slug: str,
    services: tuple[str, ...],
    schedules: tuple[str, ...],
    scopes: tuple[str, ...],
    quota: int | None,
    per: str,
    most_open: int | None,
) -> None:
    """Add the partner NAME and print its first token."""
    now = clock.now()
    terms = Terms(tuple(Scope(each) for each in scopes), quota, Period(per), most_open)
    with _database(context).write() as session:
        place = _office(session, slug)
        added = registering.add(session, name, PartnerKind(kind), terms, now)
        registering.grant(
            session,
            added,
            place,
            now,
            services=[_named(place.services, each, "service") for each in services],
            schedules=[_named(place.schedules, each, "schedule") for each in schedules],
        )
        _token, secret = registering.issue_token(session, added, "", now)
    click.echo(f"Added {added.name}. Its token, shown this once: {secret}")


@partner.command(name="token")
@click.argument("name")
@click.option("--label", default="", help="Where the token is used.")
@click.pass_context
def make_token(context: click.Context, name: str, label: str) -> None:
    """Print a new token of the partner NAME; the others go on working."""
    with _database(context).write() as session:
        found = registering.by_name(session, name)
        token, secret = registering.issue_token(session, found, label, clock.now())
    click.echo(f"Token {token.id}, shown this once: {secret}")


@partner.command(name="link")
@click.argument("name")
@click.pass_context
def make_link(context: click.Context, name: str) -> None:
    """Print a new secret link to the page of the partner NAME; an older link ends."""
    settings = _config(context)
    with serving.open_database(settings).write() as session:
        secret = registering.issue_link(session, registering.by_name(session, name), clock.now())
    click.echo(f"{settings.site.base_url}/partner/{secret}/")


@partner.command(name="revoke")
@click.argument("name")
@click.option("--token", "number", type=int, help="Only this token; without it the whole partnership ends.")
@click.pass_context
def revoke_partner(context: click.Context, name: str, number: int | None) -> None:
    """End a token of the partner NAME, or everything: tokens, link, partnership. Appointments stay."""
    with _database(context).write() as session:
        found = registering.by_name(session, name)
        if number is None:
            registering.end(session, found, clock.now())
        else:
            registering.revoke_token(session, found, number, clock.now())
    click.echo("It no longer works.")


@partner.command(name="list")
@click.pass_context
def list_partners(context: click.Context) -> None:
    """List partners, their tokens and what is used of their quota."""
    with _database(context).read(snapshot=True) as session:
        for found in registering.listed(session):
            click.echo(_partner_line(session, found))
            for token in found.tokens:
                used = f"last used {token.used_at:%Y-%m-%d}" if token.used_at else "never used"
                state = "revoked" if token.revoked_at else "works"
                click.echo(f"  token {token.id} {token.label or '-'}: {state}, {used}")


def _partner_line(session: Session, found: Partner) -> str:
    used = quotas.usage(session, found, clock.now())
    most = "any number" if found.quota is None else found.quota
    state = "ended" if found.ended_at else f"{used.booked} of {most} per {found.period} booked"
    return f"{found.name} ({found.kind}, {', '.join(found.scopes)}): {state}, {used.to_come} to come"


def _named(known: Sequence[Named], slug: str, what: str) -> Named:
    found = next((each for each in known if each.slug == slug), None)
    if found is None:
        slugs = ", ".join(each.slug for each in known)
        raise Invalid(what, f"There is no {what} “{slug}”. Known are: {slugs}.")
    return found


def _account(session: Session, username: str) -> Account:
    found = accounts.find(session, username)
    if found is None:
        raise Invalid("username", f"There is no account “{username}” that may sign in.")
    return administering.find(session, found.id)


def _office(session: Session, slug: str) -> Office:
    found = session.scalar(select(Office).where(Office.slug == slug))
    if found is None:
        known = ", ".join(session.scalars(select(Office.slug).order_by(Office.slug))) or "none yet"
        raise Invalid("office", f"There is no office “{slug}”. Known are: {known}.")
    return found
