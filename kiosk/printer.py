"""The ticket printer behind python-escpos (USB, network or serial): is it ready, and send it one ticket.

A ticket is put together in memory first, so that what can go wrong with a picture goes wrong before the printer has
got a byte. Whether the paper came out is asked by GS r, which a printer answers only after what was sent before.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from escpos.constants import RT_STATUS_PAPER
from escpos.escpos import Escpos
from escpos.printer import Dummy, Network, Serial, Usb
from PIL.Image import Image

ANSWER_SECONDS = 10
PAPER_AFTER_ALL = b"\x1dr\x01"  # GS r 1
PAPER_ENDED = 0b1100
# Of the profiles that know how long a line is; what it is used for, all printers with a cutter have in common.
PROFILE = "TM-T20II"
MOST_DOTS, FEWEST_DOTS = 576, 300
MOST_SENT = 4096  # bytes at a time: small printers lose what comes in one piece

Readiness = Literal["ok", "out_of_paper", "unreachable"]
Kind = Literal["usb", "network", "serial"]


@dataclass(frozen=True)
class PrinterSettings:
    """Which printer. `address` is 04b8:0202 (vendor and product), a host with or without port, or a device file.

    `answers` is False for one that tells nothing back: what it was sent counts as printed. `dots` are those of a
    line; a ticket is made smaller for a printer that has fewer of them than tickets are drawn with.
    """

    kind: Kind
    address: str
    baud: int = 38400
    answers: bool = True
    dots: int = MOST_DOTS

    def __post_init__(self) -> None:
        if self.kind == "usb":
            _usb_ids(self.address)
        elif self.kind not in ("network", "serial") or not self.address:
            raise ValueError("a printer is usb, network or serial, with an address")
        if not FEWEST_DOTS <= self.dots <= MOST_DOTS:
            raise ValueError(f"a line has {FEWEST_DOTS} to {MOST_DOTS} dots")

    def to_keep(self) -> dict[str, Any]:
        """As it is kept on the disk."""
        return asdict(self)


class NotSent(Exception):
    """The printer could not be spoken to, or is not ready: nothing was printed."""

    def __init__(self, readiness: Readiness) -> None:
        self.readiness = readiness
        super().__init__(readiness)


class PerhapsPrinted(Exception):
    """It went wrong after the first byte: the ticket may be out, in whole or in part."""

    def __init__(self, readiness: Readiness) -> None:
        self.readiness = readiness
        super().__init__(readiness)


class Printer(Protocol):
    """What prints tickets."""

    def readiness(self) -> Readiness:
        """Whether a ticket would come out now."""

    def prepare(self, image: Image) -> bytes:
        """The bytes of a ticket. Raises NotSent where the picture cannot be printed."""

    def send(self, ticket: bytes) -> None:
        """Print, and return when the paper is out. Raises NotSent before the first byte, PerhapsPrinted after it."""


class EscposPrinter:
    """A printer that understands ESC/POS; opened for each question, because it may be unplugged at any time."""

    def __init__(self, settings: PrinterSettings) -> None:
        self._settings = settings

    def readiness(self) -> Readiness:
        """Whether a ticket would come out now."""
        printer = None
        try:
            printer = _opened(self._settings)
            if not self._settings.answers:
                return "ok"
            status = printer.query_status(RT_STATUS_PAPER)
            if not status:
                return "unreachable"
            if printer.paper_status() == 0:
                return "out_of_paper"
            return "ok" if printer.is_online() else "unreachable"
        except Exception:  # each of the three libraries below has errors of its own
            return "unreachable"
        finally:
            _close(printer)

    def prepare(self, image: Image) -> bytes:
        """The bytes of a ticket."""
        try:
            paper = Dummy(profile=PROFILE)
            paper.hw("INIT")
            paper.image(_fitted(image, self._settings.dots))
            paper.cut()
        except Exception as error:
            raise NotSent("ok") from error
        output: bytes = paper.output
        return output

    def send(self, ticket: bytes) -> None:
        """Print, and return when the paper is out. Raises NotSent before the first byte, PerhapsPrinted after it."""
        printer = None
        try:
            printer = _opened(self._settings)
        except Exception as error:
            raise NotSent("unreachable") from error
        try:
            for start in range(0, len(ticket), MOST_SENT):
                printer._raw(ticket[start : start + MOST_SENT])
            if not self._settings.answers:
                return
            printer._raw(PAPER_AFTER_ALL)
            answer = printer._read()
        except Exception as error:
            raise PerhapsPrinted("unreachable") from error
        finally:
            _close(printer)
        if not answer:
            raise PerhapsPrinted("unreachable")
        if answer[0] & PAPER_ENDED == PAPER_ENDED:
            raise PerhapsPrinted("out_of_paper")


def _opened(settings: PrinterSettings) -> Escpos:
    if settings.kind == "network":
        host, _colon, port = settings.address.partition(":")
        printer: Escpos = Network(host, port=int(port or 9100), timeout=ANSWER_SECONDS)
    elif settings.kind == "serial":
        printer = Serial(settings.address, baudrate=settings.baud, timeout=ANSWER_SECONDS)
    else:
        vendor, product = _usb_ids(settings.address)
        printer = Usb(vendor, product, timeout=ANSWER_SECONDS * 1000)
    printer.open()
    if settings.kind == "serial":
        # Without it a printer that holds the line busy would hold this thread for ever.
        printer.device.write_timeout = ANSWER_SECONDS
    return printer


def _fitted(image: Image, dots: int) -> Image:
    if image.width != MOST_DOTS or dots == MOST_DOTS:
        return image
    smaller = image.convert("L").resize((dots, round(image.height * dots / image.width)))
    return smaller.point(lambda value: 255 if value >= 128 else 0, "1")


def _usb_ids(address: str) -> tuple[int, int]:
    vendor, _colon, product = address.partition(":")
    return int(vendor, 16), int(product, 16)


def _close(printer: Escpos | None) -> None:
    if printer is not None:
        with suppress(Exception):  # what is broken cannot be closed well, and nothing depends on it
            printer.close()
