"""Taking deliveries of other systems over the API: the body is a file, as the command line takes it."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar, cast

from flask import Response, request
from pydantic import BaseModel, Field
from sqlalchemy import select

from frontoffice import clock
from frontoffice.documents import importing, integrations
from frontoffice.documents.importing import Complete, Target
from frontoffice.documents.integrations import Sender
from frontoffice.documents.reading import Bad
from frontoffice.offices.models import Office
from frontoffice.partners.callers import partner_required
from frontoffice.partners.models import Scope
from frontoffice.web.context import database
from frontoffice.web.problems import described

LARGEST = 64 * 1024 * 1024  # bytes; what is larger is for the command line
MOST_TOLD = 1000  # bad rows in an answer

Record = TypeVar("Record")
Answer = Response | tuple[dict[str, Any], int]


class DeliveryQuery(BaseModel):
    """How a delivery is meant."""

    office: str | None = Field(
        None, description="For rows that name no office; needed where the token is for several"
    )
    complete: bool = Field(False, description="It holds everything: what is not in it has ended")
    rows: int | None = Field(
        None, ge=0, description="How many rows it has; needed where its last line has no line end"
    )
    sure: bool = Field(
        False, description="End what is missing from a complete delivery, however much that is"
    )


class BadRow(BaseModel):
    """A row that could not be used. `line` is the line of a CSV, the number of the entry in JSON."""

    line: int
    reason: str


class DeliveryShape(BaseModel):
    """What became of a delivery. At most 1,000 errors are told; `bad` counts all."""

    rows: int
    new: int
    changed: int
    unchanged: int
    repeated: int
    ended: int
    bad: int
    is_whole: bool = Field(description="It did not end in the middle, as far as can be seen")
    not_ended: str | None = Field(description="Why a complete delivery has ended nothing")
    errors: list[BadRow]


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}

# What `put` of such an operation is described with.
DESCRIBED: dict[str, Any] = {
    "responses": {200: DeliveryShape, **described(401, 403, 409, 413)},
    "security": [{"partner": []}],
    "openapi_extensions": _BODY,
}


def take(
    scope: Scope, query: DeliveryQuery, target: Callable[[Sender, Sequence[Office]], Target[Record]]
) -> Answer:
    """Take in the body of the request, from a partner whose token is for `scope`; the answer.

    `target` makes of sender and offices what takes in the rows. Raises NotSignedIn, NotAllowed, reading.Unusable and
    importing.Crossing.
    """
    request.max_content_length = LARGEST  # before anything of the body is read
    number = partner_required(scope, clock.now())
    with database().read() as session:
        sender = integrations.partner(session, number, scope, query.office)
        offices = session.scalars(select(Office).where(Office.id.in_(sender.offices.values()))).all()
    return _taken(target(sender, offices), query), 200


def _taken(target: Target[Record], query: DeliveryQuery) -> dict[str, object]:
    errors: list[Bad] = []
    report = importing.take(
        database(),
        cast(BinaryIO, request.stream),
        target,
        clock.now,
        complete=Complete(query.rows, query.sure) if query.complete else None,
        rows=query.rows,
        bad=lambda each: errors.append(each) if len(errors) < MOST_TOLD else None,
    )
    return DeliveryShape(
        rows=report.rows,
        new=report.new,
        changed=report.changed,
        unchanged=report.unchanged,
        repeated=report.repeated,
        ended=report.ended,
        bad=report.bad,
        is_whole=report.is_whole,
        not_ended=report.not_ended,
        errors=[BadRow(line=each.line, reason=each.reason) for each in errors],
    ).model_dump()
