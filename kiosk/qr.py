"""QR codes as shapes for an inline SVG picture."""

from dataclasses import dataclass

import qrcode


@dataclass(frozen=True)
class Picture:
    """A square of `size` units, quiet zone included; `path` draws the dark modules."""

    size: int
    path: str


def picture(text: str) -> Picture:
    """The QR code of a text."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return Picture(len(rows), path)
