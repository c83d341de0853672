"""What messages look like, before anybody gets one: each kind with made-up contents, in any language."""

from collections.abc import Mapping
from dataclasses import dataclass

from frontoffice.messages import suppression, texts
from frontoffice.messages.kinds import KINDS, Kind
from frontoffice.messages.models import Medium
from frontoffice.messages.segments import segments
from frontoffice.messages.suppression import Topic
from frontoffice.messages.texts import Rendered

# Of each parameter that a message can be made from.
SAMPLES: Mapping[str, str] = {
    "office_name": "Ausländerbehörde Musterstadt",
    "office_address": "Rathausplatz 1\n12345 Musterstadt",
    "office_phone": "+49 30 1234567",
    "office_mail": "info@example.org",
    "service": "Aufenthaltserlaubnis verlängern",
    "documents": "Reisepass\nBiometrisches Foto",
    "starts_at": "2030-05-02T07:40:00+00:00",
    "ends_at": "2030-05-02T08:10:00+00:00",
    "before_at": "2030-05-01T06:30:00+00:00",
    "until_at": "2030-04-24T10:00:00+00:00",
    "due_at": "2030-06-30T10:00:00+00:00",
    "stamp": "2030-04-23T10:00:00+00:00",
    "time_zone": "Europe/Berlin",
    "reference": "K7M2PXQ4",
    "code": "012345",
    "ticket": "A017",
    "closes_at": "2030-05-02T11:00:00+00:00",
    "counter": "4",
    "people": "1",
    "sequence": "0",
    "note": "",
    "reason": "booking",
    "unproven": "",
    "outcome": "won",
    "step": "early",
    "more": "2",
    "news": "",
}
# Of those that are addresses of this system: what stands behind its own one.
LINKS: Mapping[str, str] = {
    "link": "/appointments/K7M2PXQ4/abcdefghijklmnopqrstuvwx/",
    "confirm_link": "/appointments/K7M2PXQ4/abcdefghijklmnopqrstuvwx/confirm/zyxwvutsrqponmlkjihgfedc",
    "draw_link": "/draws/17/",
    "watch_link": "/reminders/6acfc0/abcdefghijklmnopqrstuvwx/",
    "ticket_link": "/ticket/0123456789abcdef0123456789abcdef",
}
# What stands there in the messages of other wings.
OTHER_LINKS: Mapping[str, str] = {
    "card": "/book/musterstadt/eat-pick-up/",
    "draw": "/draws/d7k2m9xq/K7M2PXQ4/abcdefghijklmnopqrstuvwx/",
    "expiry": LINKS["watch_link"],
    "invitation": "/invitations/0123456789abcdef01234567/abcdefghijklmnopqrstuvwx/",
    "waitlist": "/waitlist/K7M2PXQ4/abcdefghijklmnopqrstuvwx/",
}
CHOOSES = "/messages/2a/abcdefghijklmnopqrstuvwx/"
# Kinds that say something else, depending on one of their parameters.
VARIANTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "confirm_contact": ("reason", ("booking", "contact")),
    "waitlist_joined": ("unproven", ("", "yes")),
    "waitlist_ended": ("reason", ("missed", "over")),
    "draw_entered": ("unproven", ("", "yes")),
    "draw_result": ("outcome", ("won", "listed", "lost")),
    "next": ("counter", ("4", "")),
    "closing_early": ("news", ("", "usual", "open", "closed")),
    "expiry": ("step", ("early", "soon", "last", "over")),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A message as it would arrive; `variant` is the parameter's value that makes it this one."""

    kind: str
    variant: str
    sms: str
    segments: int
    mail: Rendered


def samples(kind: str, language: str, base_url: str, own: Mapping[str, str]) -> list[Sample]:
    """The texts of a kind, in all its variants; `own` are an office's own words instead of made-up ones."""
    found = []
    for variant, said in parameters(kind, base_url, own):
        chooses = base_url + CHOOSES if "link" in said or suppression.topic_of(kind) is Topic.LINE else ""
        sms = texts.render(kind, Medium.SMS, language, said, preferences_link=chooses).text
        mail = texts.render(kind, Medium.MAIL, language, said, preferences_link=chooses)
        found.append(Sample(kind, variant, sms, segments(sms), mail))
    return found


def parameters(
    kind: str, base_url: str, own: Mapping[str, str] | None = None
) -> list[tuple[str, dict[str, str]]]:
    """Contents that a message of the kind could have, by variant. Raises KeyError for an unknown kind."""
    more = {"reference": "17"} if kind.startswith("draw") else {}
    links = {**LINKS, "link": OTHER_LINKS.get(kind.partition("_")[0], LINKS["link"])}
    values = {**SAMPLES, **more, **{name: base_url + path for name, path in links.items()}, **(own or {})}
    known = KINDS[kind]
    said = {name: values[name] for name in sorted(known.needs | known.may_have)}
    name, variants = VARIANTS.get(kind, ("", ()))
    return [(variant, _with(said, known, name, variant)) for variant in variants] or [("", said)]


def _with(said: dict[str, str], kind: Kind, name: str, variant: str) -> dict[str, str]:
    if variant or name in kind.needs:
        return said | {name: variant}
    return {each: value for each, value in said.items() if each != name}
