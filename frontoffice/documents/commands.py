"""`frontoffice import …`: deliveries of the specialist system from files."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy import select

from frontoffice.config import Config, Documents
from frontoffice.db import Database
from frontoffice.documents import importing, integrations
from frontoffice.documents.card_import import Cards
from frontoffice.documents.importing import Complete, Report, Target
from frontoffice.documents.reading import Bad
from frontoffice.documents.watch_import import Watches
from frontoffice.offices.models import Office

SHOWN = 20  # bad rows on the screen
Record = TypeVar("Record")


def watches(database: Database, settings: Documents, office: str | None, partner: str | None) -> Watches:
    """The target of a file of watches. Raises Invalid (office, partner)."""
    with database.read() as session:
        sender = integrations.operator(session, office, partner)
        return Watches(sender, session.scalars(select(Office)).all(), settings)


def cards(database: Database, settings: Config, office: str | None, partner: str | None) -> Cards:
    """The target of a file of cards. Raises Invalid (office, partner)."""
    with database.read() as session:
        sender = integrations.operator(session, office, partner)
        return Cards(sender, session.scalars(select(Office)).all(), settings)


def take(
    database: Database,
    file: Path,
    target: Target[Record],
    clock: Callable[[], datetime],
    *,
    complete: Complete | None,
    rows: int | None = None,
    report_to: Path | None,
) -> Report:
    """Take in a file with a progress bar; says what became of it, and which rows are bad."""
    length = file.stat().st_size
    with (
        _told(report_to) as bad,
        file.open("rb") as stream,
        click.progressbar(length=length, label=file.name) as bar,
    ):
        report = importing.take(
            database, stream, target, clock, complete=complete, rows=rows, bad=bad, progress=bar.update
        )
    counts = ("new", "changed", "unchanged", "repeated", "ended", "bad")
    click.echo(f"{report.rows} rows: " + ", ".join(f"{getattr(report, each)} {each}" for each in counts))
    if not report.is_whole:
        click.echo("The file seems to end in the middle.", err=True)
    if report.not_ended:
        click.echo(report.not_ended, err=True)
    return report


@contextmanager
def _told(report_to: Path | None) -> Iterator[Callable[[Bad], None]]:
    """Tell bad rows: all of them to a file, where one is named, and the first ones to the screen."""
    kept: list[Bad] = []
    if report_to is None:
        yield lambda each: kept.append(each) if len(kept) <= SHOWN else None
    else:
        with report_to.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["line", "reason"])

            def tell(each: Bad) -> None:
                writer.writerow([each.line, each.reason])
                if len(kept) <= SHOWN:
                    kept.append(each)

            yield tell
    for each in kept[:SHOWN]:
        click.echo(f"line {each.line}: {each.reason}", err=True)
    if len(kept) > SHOWN:
        click.echo("… and more. --report FILE keeps them all.", err=True)


def end_of(report: Report) -> None:
    """Exit code 1 where something was not taken."""
    if report.bad or report.not_ended or not report.is_whole:
        raise click.ClickException("Not everything was taken.")
