"""What the staff API of the cards takes and gives, as JSON."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from frontoffice.documents.card_desk import Line
from frontoffice.documents.card_models import CardState
from frontoffice.documents.card_states import Reason
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.line.wire import Born, Day, OfficePath, Strict

LARGEST_ID = 2**53 - 1

Scanned = Annotated[
    str,
    Field(
        min_length=1,
        max_length=400,
        description="Serial number (with check digit or without), order number, or machine-readable lines",
        examples=["C01X0006H"],
    ),
]


class CardPath(OfficePath):
    """Which card of which office."""

    card: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class CardsQuery(BaseModel):
    """Which cards."""

    state: Annotated[CardState, Field(description="In which state")] = CardState.CHECKING


class ScanBody(Strict):
    """What was scanned. In the body, so that no number stands in an address or a log."""

    scanned: Scanned


class ArrivalBody(ScanBody):
    """A card that has come from the printer."""

    born: Annotated[
        Born | None, Field(description="For a card that nobody has announced: its holder's date of birth")
    ] = None
    order: Annotated[
        str | None,
        Field(
            max_length=40, description="With `born`: the order number, where the order may be known by that"
        ),
    ] = None


class CardStateBody(Strict):
    """Where a card goes, and why. `until` and `box_code` are for the pick-up box."""

    state: Annotated[CardState, Field(strict=False)]
    reason: Annotated[Reason, Field(strict=False, description="A step back needs another than as_usual")] = (
        Reason.AS_USUAL
    )
    until: Annotated[Day | None, Field(description="The last day in the box")] = None
    box_code: Annotated[str, Field(max_length=40)] = ""

    def last_day(self) -> date | None:
        """Until when it stays in the box."""
        return date.fromisoformat(self.until) if self.until else None


class WatchBody(Strict):
    """The new end of validity, of which somebody wants to be reminded."""

    expires: Day
    kind: Annotated[DocumentKind, Field(strict=False)] = DocumentKind.RESIDENCE_PERMIT
    contact: Annotated[
        str,
        Field(
            max_length=254,
            description="Mail address or mobile number; empty: where they were told that it is ready",
        ),
    ] = ""

    def end(self) -> date:
        """Until when the new card is valid."""
        return date.fromisoformat(self.expires)


class HandOverBody(Strict):
    """To whom a card was handed over, and whether its new end is to be watched."""

    by_proxy: Annotated[
        bool, Field(description="Somebody else has collected it, with a written authorisation")
    ] = False
    watch: WatchBody | None = None


class CardOfStaff(BaseModel):
    """A card, without anything by which its holder could be known."""

    id: int
    ending: Annotated[str, Field(description="The last signs of its number")]
    state: CardState
    since: datetime
    until: Annotated[date | None, Field(description="The last day in the pick-up box")]
    told: Annotated[int, Field(description="How many want to be told when it is ready")]
    proxy: Annotated[bool, Field(description="Somebody else will collect it")]

    @classmethod
    def of(cls, line: Line, state: CardState) -> "CardOfStaff":
        """The answer about one card."""
        return cls(state=state, **line._asdict())


class CardsOfStaff(BaseModel):
    """The cards in a state, the first fifty; and how many are in each."""

    cards: list[CardOfStaff]
    counts: dict[CardState, int]
