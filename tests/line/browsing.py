"""A browser without scripts, for tests that walk through pages."""

import re
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from tests.line.parts import PASSWORD


class Browser:
    """Follows redirects, keeps cookies, and sends forms with the hidden token of the page it is on."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.client = app.test_client()
        self.client.set_cookie("language", language)
        self.page: TestResponse

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        self.page = self.client.get(path, follow_redirects=True)
        return self.page

    def post(self, path: str, **fields: str | list[str]) -> TestResponse:
        """Send a form from the page it is on."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page.text)
        data: dict[str, str | list[str]] = {**fields, "csrf_token": token[1] if token else ""}
        self.page = self.client.post(path, data=data, follow_redirects=True)
        return self.page

    def sign_in(self, username: str = "miriam", password: str = PASSWORD) -> TestResponse:
        """Sign in from the sign-in page."""
        self.get("/staff/sign-in")
        return self.post("/staff/sign-in", username=username, password=password)

    @property
    def path(self) -> str:
        """Where it is now."""
        return self.page.request.path

    @property
    def text(self) -> str:
        """What can be read on the page, without markup, on one line."""
        body = re.sub(r"(?s)<(head|script|svg).*?</\1>", " ", self.page.text)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def buttons(self) -> list[str]:
        """Where the forms of the page lead."""
        return re.findall(r'<form[^>]* action="([^"]+)"', self.page.text)
