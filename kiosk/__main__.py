"""The command `frontoffice-kiosk`: pair this device with an office, run it, ask how it is."""

import ipaddress
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import click

from kiosk import logs
from kiosk.journal import Journal
from kiosk.office import LOOPBACK, Office, Reached, Refused, Unauthorised
from kiosk.printer import EscposPrinter, Kind, NotSent, PerhapsPrinted, PrinterSettings
from kiosk.server import Server
from kiosk.settings import DataDirectory, Pairing, SettingsError
from kiosk.ticket_image import TicketSlip, draw

SAMPLE = TicketSlip(
    office="Frontoffice",
    heading="Test",
    number="X000",
    lines=("Grüße · Вітаємо · Здравствуйте · Hoş geldiniz",),
    footer="This is not a ticket.",
)

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=lambda: Path(click.get_app_dir("frontoffice-kiosk")),
    envvar="FRONTOFFICE_KIOSK_DATA",
    show_default="the user's configuration directory",
    help="This device's data directory.",
)


@click.group()
def main() -> None:
    """The program on the device in the lobby."""


@main.command()
@click.option("--office-url", required=True, help="The office's address, for instance https://office.example")
@click.option("--code", required=True, help="The one-time code from the office (frontoffice device pair).")
@click.option("--allow-http", is_flag=True, help="Accept an office without https on another machine.")
@data_option
def pair(office_url: str, code: str, allow_http: bool, data: Path) -> None:
    """Exchange a one-time code for this device's credential. A running kiosk takes it up by itself."""
    address = urlsplit(office_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise click.UsageError(f"{office_url} is not an address like https://office.example")
    if address.scheme == "http" and address.hostname not in LOOPBACK and not allow_http:
        raise click.UsageError("Without https others can read the credential (--allow-http accepts that).")
    directory = _prepared(data)
    match Office(office_url).pair(code.strip()):
        case Reached(body):
            pairing = _pairing(office_url, body)
        case Unauthorised():
            raise click.ClickException("The office does not accept this code. Is it used or too old?")
        case Refused(_, sentence):
            raise click.ClickException(f"The office does not accept this code. {sentence}".strip())
        case unreachable:
            raise click.ClickException(f"There is no office at {office_url} ({unreachable.reason}).")
    directory.store_pairing(pairing)
    click.echo(f"Paired with {pairing.office} as {pairing.device}, series {pairing.series}.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8100, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--patience",
    default=3.0,
    show_default=True,
    type=click.FloatRange(0.1, 20),
    help="Seconds a visitor waits for the office before the number is handed out all the same.",
)
@data_option
def run(host: str, port: int, patience: float, data: Path) -> None:
    """Serve the screen to this device's browser and deliver to the office."""
    logs.configure()
    directory = _prepared(data)
    if not _is_loopback(host):
        click.echo("Note: the screen has no sign-in. Here anybody in the network can draw numbers.", err=True)
    if _paired(directory) is None:
        click.echo("Not paired yet: the screen says so until `frontoffice-kiosk pair` has run.", err=True)
    click.echo(f"The kiosk is at http://{f'[{host}]' if ':' in host else host}:{port}/")
    Server(data, host, port, patience).run()


@main.group()
def printer() -> None:
    """The ticket printer at this device. A running kiosk takes up changes by itself."""


@printer.command(name="set")
@click.option("--usb", metavar="VENDOR:PRODUCT", help="A printer at USB, for instance 04b8:0e15 (see lsusb).")
@click.option(
    "--network", metavar="HOST[:PORT]", help="A printer in the network; the port is 9100 unless given."
)
@click.option("--serial", metavar="FILE", help="A printer at a serial line, for instance /dev/ttyUSB0.")
@click.option("--baud", default=38400, show_default=True, help="The speed of the serial line.")
@click.option(
    "--dots", default=576, show_default=True, help="Dots on a line; often 512 or 384 on narrow paper."
)
@click.option("--silent", is_flag=True, help="It tells nothing back, so what it is sent counts as printed.")
@data_option
def set_printer(
    usb: str | None, network: str | None, serial: str | None, baud: int, dots: int, silent: bool, data: Path
) -> None:
    """Say which printer there is, and ask it how it is."""
    given = [
        (kind, address)
        for kind, address in (("usb", usb), ("network", network), ("serial", serial))
        if address
    ]
    if len(given) != 1:
        raise click.UsageError("Please give exactly one of --usb, --network and --serial.")
    [(kind, address)] = given
    try:
        settings = PrinterSettings(cast(Kind, kind), address, baud, not silent, dots)
    except ValueError as error:
        raise click.UsageError(f"{address} is not a printer's address: {error}") from error
    _prepared(data).store_printer(settings)
    click.echo(f"The printer is set up. It is now: {EscposPrinter(settings).readiness()}.")


@printer.command(name="none")
@data_option
def no_printer(data: Path) -> None:
    """Say that there is no printer: numbers are shown, and kept on the phone."""
    _prepared(data).store_printer(None)
    click.echo("Tickets are not printed any more.")


@printer.command(name="test")
@data_option
def test_printer(data: Path) -> None:
    """Print a ticket that is none, to see whether it comes out."""
    try:
        settings = _prepared(data).printer()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    if settings is None:
        raise click.ClickException("There is no printer (frontoffice-kiosk printer set).")
    device = EscposPrinter(settings)
    try:
        device.send(device.prepare(draw(SAMPLE)))
    except (NotSent, PerhapsPrinted) as error:
        raise click.ClickException(f"It did not print. The printer is: {error.readiness}.") from error
    click.echo("It has printed.")


@main.command()
@data_option
def status(data: Path) -> None:
    """Say whether this device is paired and what waits for delivery; exit code 1 if it is not paired."""
    directory = DataDirectory(data)
    pairing = _paired(directory)
    if pairing is None:
        raise click.ClickException("This device is not paired.")
    click.echo(f"Paired with {pairing.office} as {pairing.device}, series {pairing.series}.")
    click.echo(f"The office is at {pairing.office_url}")
    if directory.journal_file.exists():
        journal = Journal(directory.journal_file)
        waiting = journal.count_open(pairing.office, pairing.series)
        stuck = journal.count_stuck(pairing.office)
        click.echo(f"Entries waiting: {waiting}. Numbers not taken by the office: {stuck}.")


def _prepared(data: Path) -> DataDirectory:
    directory = DataDirectory(data)
    try:
        directory.prepare()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    return directory


def _paired(directory: DataDirectory) -> Pairing | None:
    try:
        return directory.pairing()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _pairing(office_url: str, body: dict[str, object]) -> Pairing:
    device = body.get("device")
    if not isinstance(device, dict):
        raise click.ClickException("The office names no device. Are kiosk and office of one version?")
    wanted = (body.get("office"), device.get("name"), device.get("series"), body.get("credential"))
    if not all(isinstance(value, str) and value for value in wanted):
        raise click.ClickException("That code belongs to a device that gives out no numbers.")
    office, name, series, credential = (str(value) for value in wanted)
    return Pairing(office_url.rstrip("/"), office, name, series, credential)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    main()
