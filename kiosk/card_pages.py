"""Where is my card? The office is asked, and what it says is shown until the visitor goes: nothing is kept here."""

from typing import Any

from flask import render_template, request

from kiosk.office import Reached, Refused
from kiosk.pages import Page, blueprint, kiosk, language
from kiosk.texts import _

LETTERS = (
    "0123456789CFGHJKLMNPRTVWXYZ"  # of serial numbers; order numbers have others too, and a keyboard for them
)
LONGEST = 40
NOT_REACHED = 503


@blueprint.get("/<language>/card/where")
def where_is_my_card(**_language: str) -> Page:
    """Ask for number and date of birth."""
    return _form()


@blueprint.post("/<language>/card/where", endpoint="where_is_my_card_now")
def where_is_my_card_now(**_language: str) -> Page:
    """Ask the office, and show what it says."""
    number, born = request.form.get("number", "")[:LONGEST].strip(), _born(request.form.get("born", ""))
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


def _form(error: str | None = None) -> str:
    typed: dict[str, Any] = {name: request.form.get(name, "")[:LONGEST] for name in ("number", "born")}
    return render_template("kiosk/card_where.html", error=error, typed=typed, letters=LETTERS)


def _born(typed: str) -> str | None:
    """07031990 as 1990-03-07; what no passport says is 00, and the office knows which dates there are."""
    digits = "".join(each for each in typed[:20] if each.isascii() and each.isdigit())
    return f"{digits[4:]}-{digits[2:4]}-{digits[:2]}" if len(digits) == 8 else None
