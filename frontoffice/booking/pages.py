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

pages = Blueprint("booking", __name__)

SERVICE = "/book/<office_slug>/<service_slug>/"
HOLD = "/book/hold/<token>/"
APPOINTMENT = "/appointments/<reference>/<secret>/"

for method, address, answer in (
    ("GET", "/book/<office_slug>/", service_pages.services),
    ("GET", SERVICE, time_pages.times),
    ("POST", SERVICE + "hold", time_pages.hold),
    ("GET", HOLD, hold_pages.contact),
    ("POST", HOLD, hold_pages.book),
    ("POST", HOLD + "longer", hold_pages.keep_longer),
    ("POST", HOLD + "back", hold_pages.give_back),
    ("GET", "/appointments/", manage_pages.ask_for_code),
    ("POST", "/appointments/", manage_pages.find),
    ("GET", APPOINTMENT, manage_pages.appointment),
    ("GET", APPOINTMENT + "calendar.ics", manage_pages.calendar),
    ("GET", APPOINTMENT + "cancel", manage_pages.ask_to_cancel),
    ("POST", APPOINTMENT + "cancel", manage_pages.cancel),
    ("GET", APPOINTMENT + "reach", manage_pages.ask_how_to_reach),
    ("POST", APPOINTMENT + "reach", manage_pages.change_reach),
    ("GET", APPOINTMENT + "confirm/<proof>", confirm_pages.ask_to_confirm),
    ("POST", APPOINTMENT + "confirm/<proof>", confirm_pages.confirm),
    ("POST", APPOINTMENT + "code", confirm_pages.confirm_by_code),
    ("POST", APPOINTMENT + "send-again", confirm_pages.send_again),
    ("GET", APPOINTMENT + "move", move_pages.move),
    ("POST", APPOINTMENT + "move", move_pages.hold_new_time),
    ("GET", APPOINTMENT + "move/<token>", move_pages.ask_to_move),
    ("POST", APPOINTMENT + "move/<token>", move_pages.confirm_move),
):
    pages.add_url_rule(address, view_func=answer, methods=[method])
