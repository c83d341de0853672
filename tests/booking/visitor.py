"""A visitor without JavaScript: opens pages, presses buttons, fills in forms."""

import re
from html import unescape

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

OLENA_TYPES = {
    "name": "Olena Kowalenko",
    "born-day": "27",
    "born-month": "3",
    "born-year": "1991",
    "mail": "olena@example.org",
    "phone": "0151 23456789",
}
AMIN_TYPES = {
    "name": "Amin Karimi",
    "born-day": "1",
    "born-month": "12",
    "born-year": "1988",
    "mail": "amin@example.org",
    "phone": "",
}


def assert_sound(page: "Page") -> None:
    """HTML without errors, one heading of the first level, nothing inline that the policy forbids."""
    parser = html5lib.HTMLParser()
    parser.parse(page.html)
    assert parser.errors == [], page.address
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|<style|\son\w+=", page.html)
    assert page.html.count("<h1") == 1
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    names = re.findall(r'\bid="([^"]+)"', page.html)
    assert sorted(names) == sorted(set(names)), page.address


class Page:
    """A page as it arrived."""

    def __init__(self, answer: TestResponse) -> None:
        self.status = answer.status_code
        self.html = answer.get_data(as_text=True)
        self.address = answer.request.path
        self.headers = answer.headers

    @property
    def text(self) -> str:
        """What can be read on it."""
        without_tags = re.sub(r"<[^>]+>", " ", self.html)
        return re.sub(r"\s+", " ", unescape(without_tags))

    @property
    def title(self) -> str:
        """Its title."""
        return unescape(re.findall(r"<title>(.*?)</title>", self.html, re.DOTALL)[0])

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of its forms."""
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.html)
        return {name: unescape(value) for name, value in found}

    @property
    def slots(self) -> dict[str, str]:
        """The times on offer: what is read, and what is sent."""
        found = re.findall(r'name="start" value="([^"]+)">([^<]+)</button>', self.html)
        return {label: unescape(value) for value, label in found}

    @property
    def days(self) -> dict[str, str]:
        """The days of the calendar, and how they are said to be."""
        cells = re.findall(r'month__day--[^>]*>.*?kern-sr-only">([^<]*)<', self.html, re.DOTALL)
        return dict(re.findall(r"^(.+? \d{4}), (.+)$", "\n".join(map(unescape, cells)), re.MULTILINE))

    @property
    def choices(self) -> dict[str, list[str]]:
        """The lists to choose from, by the name of the field."""
        found = re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', self.html, re.DOTALL)
        return {name: re.findall(r'value="([^"]*)"', options) for name, options in found}

    def button(self, words: str) -> str:
        """Where the form goes whose button has these words."""
        found = re.findall(r"<form[^>]*>.*?</form>", self.html, re.DOTALL)
        form = next(each for each in found if re.search(rf"<button[^>]*>(?:<[^>]+>)*{words}", each))
        stated = re.search(r'<form[^>]*action="([^"]+)"', form)
        return unescape(stated[1]) if stated else self.address

    @property
    def errors(self) -> dict[str, str]:
        """The sentences beside fields, by the field's id."""
        found = re.findall(r'<p class="kern-error" id="([^"]+)-error">(.*?)</p>', self.html, re.DOTALL)
        return {name: re.sub(r"<[^>]+>|\s+|Error:", " ", html).strip() for name, html in found}

    def links(self, words: str) -> list[str]:
        """Where the links go whose text has these words."""
        found = re.findall(r'<a\b[^>]*href="([^"]+)"[^>]*>(.*?)</a>', self.html, re.DOTALL)
        return [unescape(to) for to, text in found if words in re.sub(r"<[^>]+>", "", text)]


class Visitor:
    """Opens pages with one browser, whose language is English."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def open(self, address: str) -> Page:
        """Open a page, and where it leads."""
        return Page(self.client.get(address, headers={"Accept-Language": "en"}, follow_redirects=True))

    def tap(self, page: Page, words: str, **fields: str) -> Page:
        """Press the button with these words, and see what comes."""
        return self.send(page.button(words), {**page.hidden, **fields})

    def send(self, address: str, fields: dict[str, str]) -> Page:
        """Send a form and see what comes; redirects are followed."""
        answer = self.client.post(
            address, data=fields, headers={"Accept-Language": "en"}, follow_redirects=True
        )
        return Page(answer)

    def press(self, page: Page, clock: str, **changed: str) -> Page:
        """Press the button of a time."""
        address = re.findall(r'<form class="slots" method="post" action="([^"]+)"', page.html)[0]
        return self.send(address, {**page.hidden, "start": page.slots[clock], **changed})

    def fill_in(self, page: Page, **changed: str) -> Page:
        """Fill in the form about the person and send it."""
        return self.send(page.address, {**page.hidden, **OLENA_TYPES, **changed})
