"""Where is my card? The office is asked, and what it says is shown until the visitor goes: nothing is kept here.

A number is typed, or comes from a reader that types like a keyboard: the QR code of the leaflet (a link, which holds
the order number sealed), or the machine-readable lines of a card, which hold the date of birth as well.
"""

import string
from typing import Any

from flask import render_template, request

from kiosk.office import Reached, Refused
from kiosk.pages import Page, blueprint, kiosk, language
from kiosk.texts import _

LETTERS = string.digits + string.ascii_uppercase  # order numbers have them all; the office reads O as 0
LONGEST = 400  # characters, of a link or of three lines
LEAFLET = "/card/of/"  # what the links of leaflets have in them
FILLER = "<"  # what machine-readable lines have in them
NOT_REACHED = 503


@blueprint.get("/<language>/card/where")
def where_is_my_card(**_language: str) -> Page:
    """Ask for number and date of birth."""
    return _form()


@blueprint.post("/<language>/card/where", endpoint="where_is_my_card_now")
def where_is_my_card_now(**_language: str) -> Page:
    """Ask the office, and show what it says."""
    number, typed = _typed("number").strip(), _typed("born")
    born = "" if FILLER in number else _born(typed)
    if LEAFLET in number and not typed:
        return _form()
    if not number or born is None:
        return _form(_("Please enter the number, and the date of birth with 8 digits.")), 422
    match kiosk().refresh.office().card(number, born, language()):
        case Reached(body):
            return render_template("kiosk/card_found.html", card=body)
        case Refused(status, sentence):
            return _form(sentence or _("Please check what you entered.")), status
    return _form(
        _("We cannot look it up right now. Please try again in a while, or ask at the desk.")
    ), NOT_REACHED


def with_leaflet(link: str) -> str:
    """The same, where somebody has held the leaflet in front of the scanner on another screen."""
    return _form(number=link[:LONGEST])


def _form(error: str | None = None, number: str | None = None) -> str:
    typed: dict[str, Any] = {"number": number or _typed("number"), "born": _typed("born")}
    return render_template(
        "kiosk/card_where.html",
        error=error,
        typed=typed,
        letters=LETTERS,
        longest=LONGEST,
        has_leaflet=LEAFLET in typed["number"],
    )


def _typed(name: str) -> str:
    return request.form.get(name, "")[:LONGEST]


def _born(typed: str) -> str | None:
    """07031990 as 1990-03-07; what no passport says is 00, and the office knows which dates there are."""
    digits = "".join(each for each in typed[:20] if each.isascii() and each.isdigit())
    return f"{digits[4:]}-{digits[2:4]}-{digits[:2]}" if len(digits) == 8 else None
