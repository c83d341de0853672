"""The page of the holder of a link: what we send to them, and the switches for it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.errors import N_, NotFound
from frontoffice.messages import preferences, short_links, suppression
from frontoffice.messages.models import Medium
from frontoffice.messages.preferences import Holding, Way
from frontoffice.messages.suppression import Topic
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language
from frontoffice.web.needs import Kind, all_need, needs

pages = Blueprint("message_pages", __name__)
all_need(pages, Kind.LINK)

SHORT = "/<any(a, d, i, m, r, w):letter>/<path:rest>"
PAGE = "/messages/<string:number>/<string:secret>/"

TOPICS = {
    Topic.REMINDERS: N_("Reminders before an appointment, or before a document ends"),
    Topic.OFFERS: N_("Offers of earlier times from the waiting list"),
    Topic.LINE: N_("“You are next” while you wait in our building"),
}
BY_SMS_ONLY = {Topic.LINE}


@pages.get(SHORT)
@needs(Kind.PUBLIC)  # the page behind it looks at the secret
def follow(letter: str, rest: str) -> ResponseReturnValue:
    """The address in an SMS: on to the page, which looks at the secret."""
    path = short_links.whole(letter, rest.removesuffix("/"))
    if path is None:
        raise NotFound
    return redirect(f"{request.script_root}/{path}")


@pages.get(PAGE)
def choose(number: str, secret: str) -> ResponseReturnValue:
    """What is sent to whom, and what of it can be switched off."""
    now = clock.now()
    with preferences.counted(database(), access.network(), now), database().read() as session:
        found = preferences.ways(session, _found(session, number, secret))
    return render_template(
        "messages_pages/choose.html",
        ways=[(way, _name(way), _topics(way)) for way in found],
        keep_days=ngettext(
            "We forget addresses and contents a day after the last message.",
            "We forget addresses and contents %(num)s days after the last message.",
            config().messages.keep_days or 1,
        ),
        start_number=_number_for_replies(),
    )


@pages.post(PAGE)
def save(number: str, secret: str) -> ResponseReturnValue:
    """Note what somebody wants to get."""
    now = clock.now()
    shown, wanted = (set(request.form.getlist(name)) for name in ("shown", "wanted"))
    with preferences.counted(database(), access.network(), now), database().write() as session:
        preferences.change(session, _found(session, number, secret), shown, wanted, now)
    flash(_("We have noted what you want to get from us."), "success")
    return redirect(url_for(".choose", number=number, secret=secret), 303)


@pages.get(PAGE + "stop")
def ask_to_stop(number: str, secret: str) -> ResponseReturnValue:
    """Ask once before a topic is switched off: mail scanners open every link."""
    now = clock.now()
    with preferences.counted(database(), access.network(), now), database().read() as session:
        topic = suppression.topic_of(_found(session, number, secret).message.kind)
    return render_template(
        "messages_pages/stop.html",
        topic=_(TOPICS[topic]) if topic else None,
        address={"number": number, "secret": secret},
    )


@pages.post(PAGE + "stop/yes")
def stop(number: str, secret: str) -> ResponseReturnValue:
    """Switch it off."""
    now = clock.now()
    with preferences.counted(database(), access.network(), now), database().write() as session:
        preferences.stop_topic(session, _found(session, number, secret), now)
    flash(_("We have noted what you want to get from us."), "success")
    return redirect(url_for(".choose", number=number, secret=secret), 303)


def _found(session: Session, number: str, secret: str) -> Holding:
    """What a link is for; the page speaks the language of its message."""
    found = preferences.find(session, number, secret)
    in_its_language(found.message)
    return found


def _name(way: Way) -> str:
    if way.medium is Medium.SMS:
        return str(_("Text messages to %(phone)s", phone=way.shown) if way.shown else _("Text messages"))
    return str(_("Mails to %(mail)s", mail=way.shown) if way.shown else _("Mails"))


def _topics(way: Way) -> list[tuple[Topic, str, bool]]:
    return [
        (topic, _(TOPICS[topic]), is_on)
        for topic, is_on in way.topics.items()
        if way.medium is Medium.SMS or topic not in BY_SMS_ONLY
    ]


def _number_for_replies() -> str | None:
    """Our number, where texts to it reach us."""
    settings = config().messages
    if settings.sms == "twilio" and settings.twilio is not None and settings.twilio.sender.startswith("+"):
        return settings.twilio.sender
    return None
