"""The API of the staff wing: signing in for programs, pairing a device."""

from typing import Annotated, Any, Literal

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from frontoffice import clock
from frontoffice.staff import devices
from frontoffice.web import access, entering
from frontoffice.web.context import database
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import described

api = APIBlueprint(
    "staff_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="staff"), Tag(name="device")]
)
all_need(api, Kind.PUBLIC)

Answer = tuple[dict[str, Any], int]  # the body and the status

# Without control characters, which have no business in a line of text and which databases refuse.
NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]+$"


class Strict(BaseModel):
    """A request's body: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Credentials(Strict):
    """Who wants to sign in; `code` is what the app of the second factor shows, or a recovery code."""

    username: Annotated[str, Field(min_length=1, max_length=60, pattern=NO_CONTROLS)]
    password: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_CONTROLS)]
    code: Annotated[str, Field(min_length=6, max_length=24, pattern=NO_CONTROLS)] | None = None


class SignedIn(BaseModel):
    """The token to send as `Authorization: Bearer …`, and when it ends."""

    token: str
    expires_at: AwareDatetime


class PairingCode(Strict):
    """The one-time code that staff created for the device; case, spaces and hyphens do not matter."""

    code: Annotated[str, Field(min_length=8, max_length=20, pattern=r"^[0-9A-Za-z \-]+$")]


class PairedDevice(BaseModel):
    """What the device is. Displays have no series: they give no numbers."""

    name: str
    series: str | None
    kind: Literal["kiosk", "display"]


class Paired(BaseModel):
    """The credential that the device keeps. It is shown this once."""

    credential: str
    device: PairedDevice
    office: str


@api.post("/staff/sessions", responses={201: SignedIn, **described(401, 429)})
def sign_in(body: Credentials) -> Answer:
    """Sign in as a member of staff; accounts with a second factor send its code as well."""
    begun = entering.sign_in_a_program(body.username, body.password, body.code)
    return SignedIn(token=begun.token, expires_at=begun.expires_at).model_dump(mode="json"), 201


@api.post("/device/pair", responses={201: Paired, **described(404, 429)})
def pair(body: PairingCode) -> Answer:
    """Exchange a one-time code for the device's credential."""
    now = clock.now()
    with database().write() as session:
        devices.count_attempt(session, access.network(), now)
    with database().write() as session:
        device, credential = devices.pair(session, body.code, now)
        paired = Paired(
            credential=credential,
            device=PairedDevice(name=device.name, series=device.series, kind=device.kind.value),
            office=device.office.slug,
        )
    return paired.model_dump(mode="json"), 201
