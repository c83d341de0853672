"""What can be read at the device: office hours, what to bring, and where an appointment is booked."""

from flask import abort, render_template

from kiosk import office_hours, qr
from kiosk.pages import Page, blueprint, for_phones, kiosk, language, setup


@blueprint.get("/<language>/information")
def information(**_language: str) -> Page:
    """When the office is open, how it is reached, and the concerns to read about."""
    known = setup()
    inside = {service.slug for topic in known.topics for service in topic.services}
    return render_template(
        "kiosk/information.html",
        days=office_hours.lines(known, kiosk().now(), language()),
        topics=[topic for topic in known.topics if topic.services],
        services=[service for service in known.services if service.slug not in inside],
    )


@blueprint.get("/<language>/information/topic/<topic>")
def information_topic(topic: str, **_language: str) -> Page:
    """The concerns of one topic, to read about."""
    chosen = next((each for each in setup().topics if each.slug == topic), None)
    if chosen is None:
        abort(404)
    return render_template("kiosk/information_topic.html", topic=chosen)


@blueprint.get("/<language>/information/<service>")
def information_service(service: str, **_language: str) -> Page:
    """What one concern is, and what to bring."""
    chosen = setup().service(service)
    if chosen is None:
        abort(404)
    topic = next((each for each in setup().topics if chosen in each.services), None)
    return render_template("kiosk/information_service.html", service=chosen, topic=topic)


@blueprint.get("/<language>/booking/")
@blueprint.get("/<language>/booking/<service>")
def booking(service: str | None = None, **_language: str) -> Page:
    """Say where an appointment is booked."""
    chosen = setup().service(service) if service else None
    if service and chosen is None:
        abort(404)
    address = setup().booking_address(chosen)
    return render_template(
        "kiosk/booking.html",
        service=chosen,
        address=setup().booking_url,
        code=qr.picture(for_phones(address)),
    )


@blueprint.get("/<language>/remind-me")
def remind_me(**_language: str) -> Page:
    """Say where one asks to be reminded before a document ends: on the own phone, where the code arrives."""
    address = setup().remind_url
    if not address:
        abort(404)
    return render_template("kiosk/remind_me.html", address=address, code=qr.picture(for_phones(address)))
