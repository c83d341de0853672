"""Tickets on paper: as the visitor sees it, and as the picture that is printed."""

from itertools import groupby
from pathlib import Path

import pytest
from PIL import Image

from kiosk.ticket_image import WIDTH, TicketSlip, draw
from tests.kiosk.fake_printer import FakePrinter
from tests.kiosk.hall import opened
from tests.kiosk.lobby import Visitor, eventually

ADDRESS = "https://office.example/ticket/" + "a1" * 16


def slip(**other: object) -> TicketSlip:
    """A ticket, with what is different."""
    usual: dict[str, object] = {
        "office": "Office",
        "heading": "Your number",
        "number": "A042",
        "lines": ("Card pick-up",),
        "footer": "Monday 23 November, 14:05",
    }
    return TicketSlip(**(usual | other))  # type: ignore[arg-type]


def ink(picture: Image.Image) -> int:
    """How many dots are black."""
    return picture.convert("L").histogram()[0]


def lines(*texts: str, right_to_left: bool = False) -> Image.Image:
    """A ticket with these lines."""
    return draw(slip(lines=texts, right_to_left=right_to_left))


def test_a_ticket_is_as_wide_as_the_paper_and_black_or_white() -> None:
    picture = draw(slip(link=ADDRESS, link_text="On your phone"))
    assert picture.width == WIDTH == 576
    assert picture.mode == "1"
    # Nothing is cut off: the rims are white.
    for rim in (
        (0, 0, 4, picture.height),
        (572, 0, 576, picture.height),
        (0, picture.height - 4, 576, picture.height),
    ):
        assert ink(picture.crop(rim)) == 0


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Отримання картки", "Отримання картка"),
        ("Kart teslimi İşğ", "Kart teslimi Isg"),
        ("استلام البطاقة", "استلام البطاقه"),
    ],
)
def test_every_script_is_drawn_with_its_letters(text: str, other: str) -> None:
    # A font that does not have them draws the same box for every letter.
    assert lines(text).tobytes() != lines(other).tobytes()
    assert lines(text).tobytes() != lines("□" * len(text)).tobytes()


def test_arabic_letters_are_joined_and_run_from_right_to_left() -> None:
    # The forms that the letters have within a word, and not those in which they stand alone.
    joined = lines("سلام", right_to_left=True).tobytes()
    assert joined == lines("\ufeb3\ufefc\ufee1", right_to_left=True).tobytes()
    assert joined != lines("\ufeb1\ufedd\ufe8d\ufee1", right_to_left=True).tobytes()
    # The first letter, wide with its three teeth, stands at the right, the thin one after it at the left.
    thin, wide = _strokes(lines("س ا", right_to_left=True))
    assert thin < wide / 2
    # A time within stays in its own order; brackets look the right way.
    assert lines("في 14:05", right_to_left=True).tobytes() != lines("في 50:41", right_to_left=True).tobytes()
    assert lines("(س)", right_to_left=True).tobytes() != lines(")س(", right_to_left=True).tobytes()


def test_marks_that_keep_directions_apart_are_not_printed() -> None:
    for right_to_left in (True, False):
        marked = lines("في \u2066A 12\u2069 \u2067س\u2069 \u2068Amt\u2069", right_to_left=right_to_left)
        assert marked.tobytes() == lines("في A 12 س Amt", right_to_left=right_to_left).tobytes()


def test_long_lines_are_folded_and_long_words_cut() -> None:
    for text in ("Verlängerung der Aufenthaltserlaubnis " * 4, "W" * 60):
        picture = lines(text)
        assert picture.height > lines("W").height + 80
        assert (
            ink(picture.crop((0, 0, 4, picture.height)))
            == ink(picture.crop((572, 0, 576, picture.height)))
            == 0
        )
    assert draw(slip(number="S10000")).width == WIDTH


def test_the_code_on_paper_has_whole_dots_for_every_module() -> None:
    with_code, without = draw(slip(link=ADDRESS)), draw(slip())
    code = with_code.height - without.height
    assert code > 240  # about three centimetres
    assert ink(with_code) > ink(without) + 15_000


def _text_box(picture: Image.Image) -> tuple[int, int, int, int]:
    """Where the only line stands: above the footer, below the number."""
    blank = draw(slip(lines=(" ",)))
    assert picture.height == blank.height
    differing = [
        (x, y)
        for y in range(picture.height)
        for x in range(WIDTH)
        if picture.getpixel((x, y)) != blank.getpixel((x, y))
    ]
    columns, rows = zip(*differing, strict=True)
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1


def _strokes(picture: Image.Image) -> list[int]:
    """How wide the pieces of the only line are, from left to right."""
    left, top, right, bottom = _text_box(picture)
    inked = [ink(picture.crop((x, top, x + 1, bottom))) > 0 for x in range(left, right)]
    return [len(list(columns)) for has_ink, columns in groupby(inked) if has_ink]


@pytest.fixture
def printer() -> FakePrinter:
    """A printer that is plugged in."""
    return FakePrinter()


def print_it(visitor: Visitor, form: dict[str, str]) -> None:
    """Press the button on the ticket's screen, and look until the printer has answered."""
    visitor.post("/en/ticket/print", **form)
    path = "/en/" + visitor.page.url.partition("/en/")[2]
    eventually(lambda: "is being printed" not in visitor.get(path).text, "the end of the printing")


def can_print(visitor: Visitor) -> bool:
    """Whether the screen offers paper."""
    return "Print my number" in visitor.text()


def test_paper_or_phone_and_without_paper_the_number_is_large(tmp_path: Path, printer: FakePrinter) -> None:
    with opened(tmp_path / "device", printer) as hall:
        visitor = hall.visitor()
        visitor.walk_in("emergency")
        assert can_print(visitor)
        assert "I have it on my phone" in visitor.text()
        form = visitor.form()
        for _again in range(2):
            print_it(visitor, form)
            assert "Please take your ticket from the printer." in visitor.text()
            assert not can_print(visitor)
        assert len(printer.tickets) == 1
        assert "kiosk-ticket--large" not in visitor.page.text

        printer.mode = "out_of_paper"
        visitor.walk_in("emergency")
        number = visitor.number()
        print_it(visitor, visitor.form())
        assert "Your ticket could not be printed. Please remember your number" in visitor.text()
        assert visitor.number() == number
        assert "kiosk-ticket--large" in visitor.page.text
        assert "the printer has no paper" in visitor.get("/en/state").json()["text"]
        # The next visitor is not offered what does not work.
        visitor.walk_in("emergency")
        assert not can_print(visitor)
        assert "kiosk-ticket--large" in visitor.page.text
        assert "Please remember your number or take a photo of it." in visitor.text()


def test_nobody_prints_for_somebody_else(tmp_path: Path, printer: FakePrinter) -> None:
    with opened(tmp_path / "device", printer) as hall:
        visitor = hall.visitor()
        visitor.walk_in("emergency")
        form = visitor.form()
        assert visitor.post("/en/ticket/print", entry=form["entry"]).status_code == 400
        visitor.post("/en/ticket/print", **form | {"entry": "7e0fd4a5-6f0e-4c43-8d53-6e5d5f0a4a11"})
        assert [step.headers["Location"] for step in visitor.page.history] == ["/"]
        assert printer.tickets == []
