"""Taking deliveries of other systems over the API: the body is a file, as the command line takes it."""

from typing import BinaryIO, TypeVar, cast

from flask import request
from pydantic import BaseModel, Field

from frontoffice import clock
from frontoffice.documents import importing
from frontoffice.documents.importing import Complete, Target
from frontoffice.documents.reading import Bad
from frontoffice.web.context import database

LARGEST = 64 * 1024 * 1024  # bytes; what is larger is for the command line
MOST_TOLD = 1000  # bad rows in an answer

Record = TypeVar("Record")


class DeliveryQuery(BaseModel):
    """How a delivery is meant."""

    office: str | None = Field(
        None, description="For rows that name no office; needed where the token is for several"
    )
    complete: bool = Field(False, description="It holds everything: what is not in it has ended")
    rows: int | None = Field(None, ge=0, description="How many rows a complete delivery has")
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
    not_ended: str | None = Field(description="Why a complete delivery has ended nothing")
    errors: list[BadRow]


BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}


def admit() -> None:
    """Let the request be as long as a delivery may be. Before anything of its body is read."""
    request.max_content_length = LARGEST


def take(target: Target[Record], query: DeliveryQuery) -> dict[str, object]:
    """Take in the body of the request; the answer. Raises reading.Unusable."""
    errors: list[Bad] = []
    report = importing.take(
        database(),
        cast(BinaryIO, request.stream),
        target,
        clock.now,
        complete=Complete(query.rows, query.sure) if query.complete else None,
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
        not_ended=report.not_ended,
        errors=[BadRow(line=each.line, reason=each.reason) for each in errors],
    ).model_dump()
