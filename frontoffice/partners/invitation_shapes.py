"""The shapes of the API of invitations: what is sent and what comes back."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from frontoffice.booking.models import State
from frontoffice.booking.shapes import NO_CONTROLS, Born, Moment, Parameters, Strict
from frontoffice.offices.api import Slug
from frontoffice.partners.shapes import Key, Language, OwnReference


class InvitedShape(Strict):
    """What is known of the person. What is missing is asked for; with mail or phone the link is sent there."""

    name: Annotated[str, Field(min_length=1, max_length=120, pattern=NO_CONTROLS)] | None = None
    born: Born | None = None
    mail: Annotated[str, Field(max_length=254, pattern=NO_CONTROLS)] | None = None
    phone: Annotated[str, Field(max_length=40, pattern=NO_CONTROLS)] | None = None


class NewInvitation(Strict):
    """An appointment that somebody shall take, all of it between `earliest` and `latest`.

    At least one of service and schedule is needed; without a service it is the first that the schedule offers.
    Without `minutes` it takes as long as the service does.
    """

    office: Slug
    service: Slug | None = None
    schedule: Slug | None = None
    earliest: Moment
    latest: Moment
    minutes: Annotated[int, Field(ge=5, le=480, multiple_of=5)] | None = None
    reference: OwnReference | None = None
    language: Language | None = None
    person: InvitedShape = Field(default_factory=InvitedShape)


class InvitationState(StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class TakenShape(BaseModel):
    """The appointment that was made with an invitation, as it is by now."""

    reference: str
    state: State
    start: AwareDatetime
    end: AwareDatetime


class InvitationShape(BaseModel):
    """An invitation. The link is for the person; whoever has it can take the appointment."""

    id: str
    link: str
    state: InvitationState
    office: str
    service: str
    schedule: str | None
    earliest: AwareDatetime
    latest: AwareDatetime
    minutes: int
    reference: str | None
    appointment: TakenShape | None


class InvitationsShape(BaseModel):
    """Invitations, the newest first."""

    invitations: list[InvitationShape]


class InvitationPath(BaseModel):
    """Which invitation."""

    model_config = ConfigDict(extra="forbid")

    invitation: Key


class InvitationQuery(Parameters):
    """Invitations with the asking system's own reference."""

    model_config = ConfigDict(extra="forbid")

    reference: OwnReference
