"""What every request goes through, kept short: the browser's session, and the headers that protect it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask, Request, Response
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from pydantic_core import to_json

# What is known of a request, in its WSGI environment.
REQUEST_ID = "frontoffice.request_id"
NO_DATABASE = "frontoffice.no_database"  # it was refused because the database could not be reached


class CookieSessions(SecureCookieSessionInterface):
    """As Flask's, but without any work for those who neither bring a cookie nor get one: programs, first visits."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask makes a new one for every request; the keys do not change while an application lives."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """An empty session where there is no cookie."""
        if "HTTP_COOKIE" not in request.environ or self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing, where nothing was looked at."""
        if session.accessed or session.modified:
            super().save_session(app, session, response)


class Json(DefaultJSONProvider):
    """Answers of programs are put together by pydantic, many times as fast; moments and dates as ISO 8601 has them."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The value as an answer."""
        text = to_json(self._prepare_response_obj(args, kwargs))
        return Response(text, mimetype=self.mimetype)


class Headers:
    """WSGI: adds headers to every answer that does not have them."""

    def __init__(self, application: Callable[..., Iterable[bytes]], headers: Mapping[str, str]) -> None:
        self._application = application
        self._headers = [(name.lower(), (name, value)) for name, value in headers.items()]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Called by the server."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            there = {name.lower() for name, _ in headers}
            more = [header for name, header in self._headers if name not in there]
            return start_response(status, [*headers, *more], *error)

        return self._application(environ, start)
