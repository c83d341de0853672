"""The addresses of the visitor's pages, and which function answers at each."""

from flask import Blueprint

from frontoffice.booking import (
    confirm_pages,
    hold_pages,
    manage_pages,
    move_pages,
    service_pages,
    time_pages,
)
from frontoffice.web.needs import Kind, needs

pages = Blueprint("booking", __name__)

SERVICE = "/book/<office_slug>/<service_slug>/"
HOLD = "/book/hold/<token>/"
APPOINTMENT = "/appointments/<reference>/<secret>/"

# Everybody may book; a hold and an appointment are for who has the secret in the address.
for need, method, address, answer in (
    (Kind.PUBLIC, "GET", "/book/<office_slug>/", service_pages.services),
    (Kind.PUBLIC, "GET", SERVICE, time_pages.times),
    (Kind.PUBLIC, "POST", SERVICE + "hold", time_pages.hold),
    (Kind.LINK, "GET", HOLD, hold_pages.contact),
    (Kind.LINK, "POST", HOLD, hold_pages.book),
    (Kind.LINK, "POST", HOLD + "longer", hold_pages.keep_longer),
    (Kind.LINK, "POST", HOLD + "back", hold_pages.give_back),
    (Kind.PUBLIC, "GET", "/appointments/", manage_pages.ask_for_code),
    (Kind.PUBLIC, "POST", "/appointments/", manage_pages.find),
    (Kind.LINK, "GET", APPOINTMENT, manage_pages.appointment),
    (Kind.LINK, "GET", APPOINTMENT + "calendar.ics", manage_pages.calendar),
    (Kind.LINK, "GET", APPOINTMENT + "cancel", manage_pages.ask_to_cancel),
    (Kind.LINK, "POST", APPOINTMENT + "cancel", manage_pages.cancel),
    (Kind.LINK, "GET", APPOINTMENT + "reach", manage_pages.ask_how_to_reach),
    (Kind.LINK, "POST", APPOINTMENT + "reach", manage_pages.change_reach),
    (Kind.LINK, "GET", APPOINTMENT + "confirm/<proof>", confirm_pages.ask_to_confirm),
    (Kind.LINK, "POST", APPOINTMENT + "confirm/<proof>", confirm_pages.confirm),
    (Kind.LINK, "POST", APPOINTMENT + "code", confirm_pages.confirm_by_code),
    (Kind.LINK, "POST", APPOINTMENT + "send-again", confirm_pages.send_again),
    (Kind.LINK, "GET", APPOINTMENT + "move", move_pages.move),
    (Kind.LINK, "POST", APPOINTMENT + "move", move_pages.hold_new_time),
    (Kind.LINK, "GET", APPOINTMENT + "move/<token>", move_pages.ask_to_move),
    (Kind.LINK, "POST", APPOINTMENT + "move/<token>", move_pages.confirm_move),
):
    pages.add_url_rule(address, view_func=needs(need)(answer), methods=[method])
