"""What messages say, and how long an SMS is."""

import gettext
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import html5lib
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from jinja2 import UndefinedError

from frontoffice.messages import kinds, texts
from frontoffice.messages.models import Medium
from frontoffice.messages.segments import segments
from tests.messages.parts import parameters

LANGUAGES = ("de", "en")


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_has_one_part_on_every_day_of_the_year(kind: str, language: str) -> None:
    first = datetime(2027, 1, 1, 9, 30, tzinfo=UTC)
    days = [(first + timedelta(days=day)).isoformat() for day in range(365)]
    written = [texts.render(kind, Medium.SMS, language, parameters(starts_at=day)).text for day in days]
    assert max(segments(text) for text in written) == 1


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_has_two_parts_at_most_with_a_very_long_link(kind: str, language: str) -> None:
    link = (
        "https://terminvereinbarung.auslaenderbehoerde.landkreis-musterstadt.example.org/termine" + "/x" * 50
    )
    assert segments(texts.render(kind, Medium.SMS, language, parameters(link=link)).text) == 2


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_an_sms_says_when_and_which_and_nothing_about_the_person_or_the_permit(kind: str) -> None:
    text = texts.render(kind, Medium.SMS, "en", parameters()).text
    assert "Wed 25 Nov, 09:30" in text  # Berlin's time
    assert "K7M2-PXQ4" in text
    assert parameters()["link"] in text
    for secret in ("residence", "permit", "Ausländer", "Musterstadt,", "Rathausplatz", "Passport"):
        assert secret not in text


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_mail_says_the_same_as_text_and_as_html(kind: str) -> None:
    mail = texts.render(kind, Medium.MAIL, "en", parameters())
    assert "Wednesday, 25 November 2026, 09:30" in mail.subject
    page = html5lib.HTMLParser(strict=True).parse(mail.html)
    shown = " ".join("".join(page.itertext()).split())
    for said in ("Wednesday, 25 November 2026, 09:30", "K7M2-PXQ4", "Rathausplatz 1, 12345 Musterstadt"):
        assert said in mail.text
        assert said in shown
    assert parameters()["link"] in mail.text
    assert parameters()["link"] in mail.html
    assert ("Passport" in mail.text, "Passport" in shown) == ((kind != "cancelled"),) * 2


def test_the_mail_of_a_booking_says_that_it_is_no_application() -> None:
    mail = texts.render("booked", Medium.MAIL, "en", parameters())
    assert "This booking is not an application." in mail.text
    assert "This booking is not an application." in mail.html


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_what_comes_from_outside_cannot_become_html(kind: str) -> None:
    nasty = "<script>alert('x')</script>&\"%(link)s"
    changes = dict.fromkeys(
        ("office_name", "office_address", "service", "documents", "link", "reference"), nasty
    )
    mail = texts.render(kind, Medium.MAIL, "en", parameters(**changes))
    page = html5lib.HTMLParser(strict=True).parse(mail.html)
    names = {str(element.tag).rpartition("}")[2] for element in page.iter()}
    assert "script" not in names
    assert nasty in "".join(page.itertext())
    assert nasty in mail.text  # which is no HTML, so nothing is changed there


def test_html_mail_needs_no_inline_style_or_script() -> None:
    for kind in kinds.KINDS:
        html = texts.render(kind, Medium.MAIL, "en", parameters()).html
        assert "style" not in html
        assert "<script" not in html


def test_a_subject_stays_on_its_line() -> None:
    mail = texts.render(
        "booked", Medium.MAIL, "en", parameters(office_name="A\nB", service="C\r\nBcc: all@example.org")
    )
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


def test_texts_come_in_the_language_of_a_catalogue_and_dates_with_them(tmp_path: Path) -> None:
    english = "Your appointment: %(date)s, %(time)s. Code %(reference)s. See or cancel: %(link)s"
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
