"""The QR code: readable by a scanner, allowed by the pages' content security policy."""

import re
from xml.etree import ElementTree as ET

from frontoffice import qr


def test_the_picture_is_a_square_of_dark_and_light_with_a_quiet_zone() -> None:
    root = ET.fromstring(qr.svg("K7M2PXQW"))
    size = int(root.attrib["viewBox"].split()[-1])
    light, dark = [child.attrib["d"] for child in root]
    modules = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", dark)}
    assert light == f"M0 0h{size}v{size}H0z"
    assert size == 21 + 2 * 4  # version 1: large modules, which cheap scanners read
    assert min(min(place) for place in modules) == 4
    assert max(max(place) for place in modules) == size - 5
    # The finder patterns in three corners make a scanner see a code at all.
    for x, y in ((4, 4), (size - 11, 4), (4, size - 11)):
        assert all((x + step, y) in modules for step in range(7))
        assert (x + 1, y + 1) not in modules
        assert (x + 3, y + 3) in modules


def test_different_texts_have_different_pictures() -> None:
    assert qr.svg("K7M2PXQW") != qr.svg("22222222")
    assert qr.svg("K7M2PXQW") == qr.svg("K7M2PXQW")


def test_no_inline_style_which_the_pages_do_not_allow() -> None:
    assert not re.search(r"style|<script|on\w+=", qr.svg("K7M2PXQW"))
