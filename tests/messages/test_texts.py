"""What messages say, and how long an SMS is."""

import gettext
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unicodedata import bidirectional

import html5lib
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from jinja2 import UndefinedError

from frontoffice.languages import COMING, SUPPORTED
from frontoffice.messages import kinds, preview, short_links, texts
from frontoffice.messages.models import Medium
from frontoffice.messages.segments import is_basic, segments
from tests.messages.parts import parameters
from tools.texts import PUBLIC, is_whole

# Those that are offered, and those in the making as soon as nothing is missing.
LANGUAGES = [code for code in (*SUPPORTED, *COMING) if code in SUPPORTED or is_whole(PUBLIC, code)]
ALL_YEAR = [datetime(2027, 1, 1, 9, 30, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
LINK = parameters()["link"]
CONFIRM = f"{LINK}confirm/zyxwvutsrqponmlkjihgfedc"

# What each kind of message about an appointment says beside the usual.
MORE: dict[str, dict[str, str]] = {
    "confirm_contact": {
        "until_at": "2026-11-23T09:30:00+00:00",
        "reason": "booking",
        "confirm_link": CONFIRM,
        "code": "012345",
    },
    "booked": {},
    "moved": {"before_at": "2026-11-24T07:00:00+00:00"},
    "cancelled": {},
    "lapsed": {},
    "contact_changed": {"office_phone": "+49 30 1234567"},
    "reminder": {},
}
TOLD = [kind for kind in MORE if kind != "confirm_contact"]  # the others go to those whose appointment it is
OTHERS = [
    (kind, said)
    for kind in kinds.KINDS
    if kind not in MORE
    for _, said in preview.parameters(kind, "https://termin.musterstadt.de")
]
LONG_HOST = "https://termine.auslaenderbehoerde-musterstadt-nord.d"  # 45 characters, as offices have them
ROOMY = {"closing_early", "draw_result"}  # what they say does not always leave room for a whole link
NASTY = {
    "office_name": "Aufenthalts-Amt",
    "office_address": "Geheimweg 1\nVerratstadt",
    "office_mail": "verrat@example.org",
    "service": "Duldung verlängern\nAsylverfahren",
    "people": "2\n3",
    "documents": "Ausweis von Herrn Okafor\nPassport",
    "note": "Herr Okafor bringt den Pass.",
    "watch_link": "https://example.org/watch-me/",
    "draw_link": "https://example.org/draw-me/",
}
TELLING = (
    "Amt",
    "Geheim",
    "Verrat",
    "verrat@",
    "Duldung",
    "Asyl",
    "Okafor",
    "Ausweis",
    "Pass",
    "-me",
    "%",
    "<",
)


def about(kind: str, **changes: str) -> dict[str, str]:
    """What an appointment gives to a message of that kind."""
    return parameters(**MORE[kind]) | changes


def test_every_kind_of_message_is_looked_at_here() -> None:
    assert {*MORE, *(kind for kind, _ in OTHERS)} == set(kinds.KINDS) <= kinds.NAMES.keys()
    for kind, said in [*((kind, about(kind)) for kind in MORE), *OTHERS]:
        kinds.check(kind, said)


@pytest.mark.parametrize("kind", MORE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_has_one_part_on_every_day_of_the_year(kind: str, language: str) -> None:
    for start in ALL_YEAR:
        said = about(kind, starts_at=start.isoformat()) | {
            name: (start - timedelta(hours=hours)).isoformat()
            for name, hours in (("until_at", 1), ("before_at", 25))
            if name in MORE[kind]
        }
        _fits(kind, language, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_about_anything_else_has_one_part_too(language: str) -> None:
    for kind, said in OTHERS:
        moments = [name for name in said if name.endswith("_at")]
        for start in ALL_YEAR[::11] if moments else ALL_YEAR[:1]:
            _fits(kind, language, said | dict.fromkeys(moments, start.isoformat()))


@pytest.mark.parametrize("medium", Medium)
def test_a_reminder_fits_a_date_that_nobody_has_asked_for(medium: Medium) -> None:
    """Most dates are delivered by another system: their people have told and asked nothing."""
    for said in (said for kind, said in OTHERS if kind == "expiry"):
        rendered = texts.render("expiry", medium, "en", said)
        for untrue in ("You asked", "you asked", "you noted"):
            assert untrue not in f"{rendered.subject} {rendered.text} {rendered.html}"


def _fits(kind: str, language: str, said: dict[str, str]) -> None:
    """One part in letters that every phone knows; with others there is room for a link in two."""
    text = texts.render(kind, Medium.SMS, language, said).text
    assert segments(text) == 1 or (not is_basic(text) and segments(text) == 2), text


@pytest.mark.parametrize(("kind", "said"), [*((kind, about(kind)) for kind in MORE), *OTHERS])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_has_few_parts_even_with_a_very_long_link(
    kind: str, said: dict[str, str], language: str
) -> None:
    link = (
        "https://terminvereinbarung.auslaenderbehoerde.landkreis-musterstadt.example.org/termine" + "/x" * 50
    )
    text = texts.render(kind, Medium.SMS, language, said | {"link": link}).text
    assert segments(text) <= (2 if is_basic(text) else 4)
    assert segments(texts.render(kind, Medium.SMS, language, said).text) <= 2


@pytest.mark.parametrize("kind", TOLD)
def test_an_sms_says_when_and_where_to_look(kind: str) -> None:
    text = texts.render(kind, Medium.SMS, "en", about(kind)).text
    assert "Wed 25 Nov, 09:30" in text  # Berlin's time
    assert text.endswith("https://termin.musterstadt.de/a/K7M2PXQ4/abcdefghijklmnopqrstuvwx")  # the same page


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sms_of_any_kind_says_more_than_time_code_and_link(language: str) -> None:
    seen = set()
    for kind in kinds.KINDS:
        known = kinds.KINDS[kind]
        nasty = {name: value for name, value in NASTY.items() if name in known.needs | known.may_have}
        for _, said in preview.parameters(kind, "https://example.org"):
            text = texts.render(kind, Medium.SMS, language, said | nasty).text
            assert not [word for word in TELLING if word in text], text
            seen |= nasty.keys()
    assert seen == NASTY.keys()


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_an_sms_that_runs_from_right_to_left_begins_with_a_letter_that_does(language: str) -> None:
    """The whole text runs as its first letter does: were that of a code, the words would stand in the wrong order."""
    for kind in kinds.KINDS:
        for _, said in preview.parameters(kind, "https://example.org"):
            text = texts.render(
                kind, Medium.SMS, language, said | {"code": "A12345"} if "code" in said else said
            ).text
            directions = [each for each in map(bidirectional, text) if each in ("L", "R", "AL")]
            assert directions[0] in ("R", "AL"), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_has_one_part_with_the_long_host_of_an_office_too(language: str) -> None:
    for kind in kinds.KINDS:
        for _, said in preview.parameters(kind, LONG_HOST):
            moments = [name for name in said if name.endswith("_at")]
            chooses = f"{LONG_HOST}/messages/2a3f9/abcdefghijklmnopqrstuvwx/"
            stop = chooses if kind in ("next", "closing_early") else ""
            for start in ALL_YEAR[::11] if moments else ALL_YEAR[:1]:
                at = dict.fromkeys(moments, start.isoformat())
                text = texts.render(kind, Medium.SMS, language, said | at, preferences_link=stop).text
                assert segments(text) <= 1 + (kind in ROOMY) + (not is_basic(text)), text


def test_a_link_in_an_sms_is_a_short_one_of_the_same_page() -> None:
    for long in (
        "appointments/K7M2/abc_d-e",
        "waitlist/x/y",
        "draws/a/b/c",
        "invitations/x/y",
        "messages/2a/b",
    ):
        found = short_links.shorten(f"https://example.org/office/{long}/")
        letter, _, rest = found.removeprefix("https://example.org/office/").partition("/")
        assert (len(letter), short_links.whole(letter, rest)) == (1, f"{long}/")
    for other in ("https://example.org/", "https://example.org/draws/17/", "https://example.org/book/x/y/"):
        assert short_links.shorten(other) == other
    for letter, rest in (("x", "a/b"), ("a", "b"), ("a", "../b"), ("a", "b/c/d/e"), ("a", "/evil.example/x")):
        assert short_links.whole(letter, rest) is None


def test_where_an_office_has_no_phone_nobody_is_asked_to_call() -> None:
    plain = {name: parameters()[name] for name in ("office_name", "starts_at", "time_zone")}
    assert texts.render("contact_changed", Medium.SMS, "en", plain).text.endswith("Please tell the office.")
    told = texts.render("contact_changed", Medium.SMS, "en", plain | {"office_phone": "030 1"}).text
    assert told.endswith("Please call: 030 1")


def test_who_is_not_called_yet_is_not_told_that_it_is_their_turn() -> None:
    for part in ("text", "html"):
        soon = getattr(texts.render("next", Medium.MAIL, "en", {"ticket": "A017"}), part)
        now = getattr(texts.render("next", Medium.MAIL, "en", {"ticket": "A017", "counter": "4"}), part)
        assert ("will be called soon" in soon, "counter 4 now" in now) == (True, True)
        assert "your turn" not in soon
    subjects = [
        texts.render("next", Medium.MAIL, "en", {"ticket": "A017"} | more).subject
        for more in ({}, {"counter": "4"})
    ]
    assert subjects == ["Number A017: you will be called soon", "Number A017: it is your turn"]


def test_a_code_comes_first_and_the_link_to_the_appointment_not_at_all() -> None:
    text = texts.render("confirm_contact", Medium.SMS, "en", about("confirm_contact")).text
    assert text.startswith("012345 ")
    assert "Good until Mon 23 Nov, 10:30" in text
    assert "http" not in text


@pytest.mark.parametrize("reason", ["booking", "contact"])
def test_whoever_is_asked_to_confirm_learns_no_more_than_needed(reason: str) -> None:
    mail = texts.render("confirm_contact", Medium.MAIL, "en", about("confirm_contact", reason=reason))
    assert CONFIRM in mail.text
    assert CONFIRM in mail.html
    for part in (mail.text, mail.html):
        assert "permit" not in part
        assert "K7M2-PXQ4" not in part
        assert ("Monday, 23 November 2026, 10:30" in part) == (reason == "booking")


@pytest.mark.parametrize("kind", TOLD)
def test_a_mail_says_the_same_as_text_and_as_html(kind: str) -> None:
    mail = texts.render(kind, Medium.MAIL, "en", about(kind))
    assert "Wednesday, 25 November 2026, 09:30" in mail.subject
    page = html5lib.HTMLParser(strict=True).parse(mail.html)
    shown = " ".join("".join(page.itertext()).split())
    for said in ("Wednesday, 25 November 2026, 09:30", "K7M2-PXQ4", "Rathausplatz 1, 12345 Musterstadt"):
        assert said in mail.text
        assert said in shown
    assert LINK in mail.text
    assert LINK in mail.html
    brings = kind in ("booked", "moved", "reminder")
    assert ("Passport" in mail.text, "Passport" in shown) == (brings, brings)


@pytest.mark.parametrize("kind", ["moved", "cancelled"])
def test_the_office_has_its_word_in_a_mail_and_not_in_an_sms(kind: str) -> None:
    note = "Ms Okafor's passport is here."
    mail = texts.render(kind, Medium.MAIL, "en", about(kind, note=note))
    assert note in mail.text
    assert "Okafor" in mail.html
    assert "Okafor" not in texts.render(kind, Medium.SMS, "en", about(kind, note=note)).text


def test_several_services_and_people_are_listed() -> None:
    said = about("booked", service="Renewal\nCard pick-up", people="3\n1")
    mail = texts.render("booked", Medium.MAIL, "en", said)
    for part in (mail.text, mail.html):
        assert "What for: Renewal, for 3 people" in part
        assert "What for: Card pick-up\n" in part.replace("<br>", "")


def test_a_move_tells_both_times() -> None:
    mail = texts.render("moved", Medium.MAIL, "en", about("moved"))
    assert "(Tuesday, 24 November 2026, 08:00)" in mail.text
    assert "When: Wednesday, 25 November 2026, 09:30" in mail.text


def test_the_mail_of_a_booking_says_that_it_is_no_application() -> None:
    mail = texts.render("booked", Medium.MAIL, "en", parameters())
    assert "This booking is not an application." in mail.text
    assert "This booking is not an application." in mail.html


@pytest.mark.parametrize("kind", MORE)
def test_what_comes_from_outside_cannot_become_html(kind: str) -> None:
    nasty = "<script>alert('x')</script>&\"%(link)s"
    changes = dict.fromkeys(
        ("office_name", "office_address", "service", "documents", "link", "reference"), nasty
    )
    mail = texts.render(kind, Medium.MAIL, "en", about(kind, note=nasty, confirm_link=nasty, **changes))
    page = html5lib.HTMLParser(strict=True).parse(mail.html)
    names = {str(element.tag).rpartition("}")[2] for element in page.iter()}
    assert "script" not in names
    assert nasty in "".join(page.itertext())
    assert nasty in mail.text  # which is no HTML, so nothing is changed there


def test_html_mail_needs_no_inline_style_or_script() -> None:
    for kind in MORE:
        html = texts.render(kind, Medium.MAIL, "en", about(kind)).html
        assert "style" not in html
        assert "<script" not in html


def test_a_subject_stays_on_its_line() -> None:
    mail = texts.render(
        "booked", Medium.MAIL, "en", parameters(office_name="A\nB", service="C\r\nBcc: all@example.org")
    )
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


def test_texts_come_in_the_language_of_a_catalogue_and_dates_with_them(tmp_path: Path) -> None:
    english = "Your appointment: %(date)s, %(time)s. Code %(reference)s. See or change: %(link)s"
    german = "Ihr Termin: %(date)s, %(time)s Uhr. Code %(reference)s. Ändern oder absagen: %(link)s"
    _write_catalogue(tmp_path, "de", {english: german})
    text = texts.render("booked", Medium.SMS, "de", parameters(), tmp_path).text
    assert text.startswith(
        "Ihr Termin: Mi., 25. Nov., 09:30 Uhr. Code K7M2-PXQ4. Ändern oder absagen: https://"
    )
    assert segments(text) == 1


def test_without_a_catalogue_words_and_dates_are_english(tmp_path: Path) -> None:
    assert texts.render("booked", Medium.MAIL, "tr", parameters(), tmp_path) == texts.render(
        "booked", Medium.MAIL, "en", parameters(), tmp_path
    )


def test_the_time_is_that_of_the_office_before_and_after_the_clocks_change() -> None:
    before = texts.render("booked", Medium.SMS, "en", parameters(starts_at="2026-10-23T07:00:00+00:00")).text
    after = texts.render("booked", Medium.SMS, "en", parameters(starts_at="2026-10-26T07:00:00+00:00")).text
    assert ("Fri 23 Oct, 09:00" in before, "Mon 26 Oct, 08:00" in after) == (True, True)


def test_a_text_that_lacks_something_is_not_written() -> None:
    incomplete = {name: value for name, value in parameters().items() if name != "link"}
    with pytest.raises(UndefinedError):
        texts.render("booked", Medium.SMS, "en", incomplete)


def _write_catalogue(folder: Path, language: str, messages: dict[str, str]) -> None:
    catalogue = Catalog(locale=language)
    for source, translation in messages.items():
        catalogue.add(source, translation)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    gettext.GNUTranslations(io.BytesIO(compiled.getvalue()))
    target = folder / language / "LC_MESSAGES"
    target.mkdir(parents=True)
    (target / "messages.mo").write_bytes(compiled.getvalue())


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_mail_with_a_link_leads_to_where_one_chooses_what_one_gets(kind: str) -> None:
    chooses = "https://termin.example/messages/7/abc/"
    for _, said in preview.parameters(kind, "https://termin.example"):
        usual, mail = (
            texts.render(kind, Medium.MAIL, "en", said, preferences_link=each) for each in ("", chooses)
        )
        assert f"\nWhich messages do you want?\n{chooses}\n\nPlease do not reply" in mail.text
        assert f'<a href="{chooses}">Which messages do you want?</a>' in mail.html
        assert "Which messages" not in usual.text + usual.html
    for sample in preview.samples(kind, "en", "https://termin.example", {}):
        shows = preview.CHOOSES in sample.mail.text
        assert (
            shows
            == (preview.CHOOSES in sample.mail.html)
            == ("link" in said or kind in ("next", "closing_early"))
        )
