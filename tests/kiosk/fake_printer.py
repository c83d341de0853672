"""A ticket printer for the kiosk's tests: understands what python-escpos sends over the network."""

import socketserver
import struct
import threading
from typing import Any, Literal

from PIL import Image

ASK_PAPER, ASK_ONLINE, PAPER_AFTER_ALL = b"\x10\x04\x04", b"\x10\x04\x01", b"\x1dr\x01"
RASTER = b"\x1dv0"
# dies: it is unplugged in the middle of a ticket. ends: the paper ends in the middle of one. mute: it takes everything
# and says nothing.
Mode = Literal["ok", "out_of_paper", "dies", "ends", "mute"]


class FakePrinter:
    """The printer; `tickets` is what it has printed, `begun` is set with the first byte of a ticket."""

    def __init__(self) -> None:
        self.mode: Mode = "ok"
        self.tickets: list[bytes] = []
        self.begun = threading.Event()
        handler = type("Handler", (_Handler,), {"printer": self})
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def unplug(self) -> None:
        """Nobody answers any more."""
        self._server.shutdown()
        self._server.server_close()


def picture(ticket: bytes) -> Image.Image:
    """The picture on a ticket, as it comes out of the printer."""
    parts: list[Image.Image] = []
    at = ticket.find(RASTER)
    while at >= 0:
        width, height = struct.unpack("<HH", ticket[at + 4 : at + 8])
        dots = ticket[at + 8 : at + 8 + width * height]
        parts.append(Image.frombytes("1", (width * 8, height), bytes(255 - each for each in dots)))
        at = ticket.find(RASTER, at + 8 + width * height)
    whole = Image.new("1", (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    return whole


class _Handler(socketserver.BaseRequestHandler):
    printer: FakePrinter
    request: Any

    def handle(self) -> None:
        got = b""
        while data := self.request.recv(65536):
            if data == ASK_PAPER:
                self.request.sendall(b"\x72" if self.printer.mode == "out_of_paper" else b"\x12")
                continue
            if data == ASK_ONLINE:
                self.request.sendall(b"\x12")
                continue
            got += data
            self.printer.begun.set()
            if self.printer.mode == "dies":
                return
            if got.endswith(PAPER_AFTER_ALL) and self.printer.mode != "mute":
                self.printer.tickets.append(got)
                self.request.sendall(b"\x0c" if self.printer.mode == "ends" else b"\x00")
