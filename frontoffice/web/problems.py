"""How errors look: a page for people, application/problem+json (RFC 9457) for programs."""

import json
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException

from frontoffice import errors
from frontoffice.web.context import say
from frontoffice.web.every_request import NO_DATABASE, REQUEST_ID

log = structlog.get_logger(__name__)

API = "/api/"

STATUS: dict[type[errors.DomainError], int] = {
    errors.NotFound: 404,
    errors.Invalid: 422,
    errors.Conflict: 409,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.TooMany: 429,
}


class FieldProblem(BaseModel):
    """One value that cannot be used: where it is, and what to do."""

    field: str
    message: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it. `code` is for programs, `detail` a sentence for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] = []
    alternatives: list[dict[str, Any]] = []


def described(*statuses: int) -> dict[str | int, type[BaseModel] | dict[Any, Any] | None]:
    """The `responses=` of an API operation for the errors it can answer with; 422 and 503 are always possible."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"]["errors"]["items"] = FieldProblem.model_json_schema()
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in sorted({*statuses, 422, 503})
    }


def status_of(error: errors.DomainError) -> int:
    """The HTTP status for a domain error."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400)


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """A problem+json answer."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, **more)
    answer = Response(
        json.dumps(body.model_dump(mode="json"), ensure_ascii=False),
        status=status,
        mimetype="application/problem+json",
    )
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def invalid_input(error: ValidationError) -> Response:
    """What a program gets whose request does not have the described shape (flask-openapi3 calls this)."""
    fields = [
        FieldProblem(field=".".join(str(part) for part in each["loc"]) or "body", message=each["msg"])
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return problem(422, "invalid", "The request does not have the described form.", errors=fields)


def page(status: int, title: str, sentence: str) -> Response:
    """An error page that says what to do."""
    return Response(render_template("errors/error.html", title=title, sentence=sentence), status=status)


def register(app: Flask) -> None:
    """Teach the application how to answer when something goes wrong."""
    app.register_error_handler(errors.DomainError, _domain_error)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(NoConnectionFree, _busy)  # no connection was free in time
    app.register_error_handler(RecursionError, _too_deep)
    app.register_error_handler(Exception, _unexpected)
    app.log_exception = _say_where  # type: ignore[method-assign,assignment]


def _answer(status: int, code: str, title: str, sentence: str, **more: Any) -> Response:
    if request.path.startswith(API):
        return problem(status, code, sentence, **more)
    return page(status, title, sentence)


def _domain_error(error: errors.DomainError) -> Response:
    fields = (
        [FieldProblem(field=error.field, message=say(error))] if isinstance(error, errors.Invalid) else []
    )
    return _answer(status_of(error), error.code, _("That did not work"), say(error), errors=fields)


def _stale_form(_error: CSRFError) -> Response:
    sentence = _(
        "This page was open for too long, or your browser does not keep cookies. "
        "Please go back, reload the page and send the form again."
    )
    return _answer(400, "stale_form", _("Please try again"), sentence)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_response().get_data(), status, error.get_headers())
    if status == 404:
        answer = _answer(404, "not_found", _("Page not found"), _(errors.NotFound.sentence))
    else:
        phrase = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
        answer = _answer(status, phrase, _("That did not work"), _(errors.DomainError.sentence))
    if status == 405:
        answer.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return answer


def _too_deep(_error: RecursionError) -> Response:
    return _answer(422, "invalid", _("That did not work"), _(errors.DomainError.sentence))


def _busy(error: SQLAlchemyError) -> Response:
    log.error("database unavailable", error=type(error).__name__)
    request.environ[NO_DATABASE] = True
    sentence = _("Very many people are using this page at the moment. Please wait a minute and try again.")
    answer = _answer(503, "busy", _("Please try again in a minute"), sentence)
    answer.headers["Retry-After"] = "30"
    return answer


def _say_where(_error: object) -> None:
    """In place of Flask's own line, which has the address: for what goes wrong while an error is answered."""
    log.exception("unexpected error", endpoint=request.endpoint)


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error", endpoint=request.endpoint, error=type(error).__name__)
    sentence = _(
        "Something went wrong on our side. It has been recorded. Please try again in a few minutes. "
        "If it happens again, please tell us this number: %(number)s",
        number=request.environ.get(REQUEST_ID, "–"),
    )
    return _answer(500, "unexpected", _("That did not work"), sentence)
