"""The API of the staff wing: signing in for programs, pairing a device, what a device needs to know."""

from typing import Annotated, Any, Literal

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import select

from frontoffice import clock
from frontoffice.offices.models import Office, Service
from frontoffice.staff import devices
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.problems import described

api = APIBlueprint(
    "staff_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="staff"), Tag(name="device")]
)

Answer = tuple[dict[str, Any], int]  # the body and the status

# Without control characters, which have no business in a line of text and which databases refuse.
NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]+$"


class Strict(BaseModel):
    """A request's body: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Credentials(Strict):
    """Who wants to sign in."""

    username: Annotated[str, Field(min_length=1, max_length=60, pattern=NO_CONTROLS)]
    password: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_CONTROLS)]


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


class SetupOffice(BaseModel):
    """The office at which the device stands."""

    slug: str
    name: str
    languages: list[str]


class SetupDevice(BaseModel):
    """The device itself."""

    name: str
    series: str | None


class SetupService(BaseModel):
    """A service of the office: its names, and in plain words when to choose it."""

    slug: str
    names: dict[str, str]
    plain: dict[str, str]
    walk_in: bool


class Setup(BaseModel):
    """All that a device needs to know to work on its own for a while."""

    office: SetupOffice
    device: SetupDevice
    time: AwareDatetime
    time_zone: str
    services: list[SetupService]
    booking_url: str


@api.post("/staff/sessions", responses={201: SignedIn, **described(401, 429)})
def sign_in(body: Credentials) -> Answer:
    """Sign in as a member of staff."""
    token, expires_at = access.sign_in(body.username, body.password)
    return SignedIn(token=token, expires_at=expires_at).model_dump(mode="json"), 201


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


@api.get("/device/setup", responses={200: Setup, **described(401)}, security=[{"device": []}])
def setup() -> Answer:
    """Read what the device needs to know."""
    now = clock.now()
    with database().read() as session:
        device = access.device_required(session)
        office = device.office
        services = session.scalars(
            select(Service).where(Service.office_id == office.id, Service.active).order_by(Service.position)
        ).all()
    if devices.is_due_to_be_seen(device, now):
        with database().write() as session:
            devices.seen(session, device.id, now)
    answer = Setup(
        office=SetupOffice(slug=office.slug, name=office.name, languages=office.languages),
        device=SetupDevice(name=device.name, series=device.series),
        time=now,
        time_zone=office.time_zone,
        services=[
            SetupService(slug=each.slug, names=each.names, plain=each.plain, walk_in=each.walk_in)
            for each in services
        ],
        booking_url=booking_url(office),
    )
    return answer.model_dump(mode="json"), 200


def booking_url(office: Office) -> str:
    """Where visitors of the office book, as printed on tickets and in QR codes."""
    return f"{config().site.base_url}/book/{office.slug}/"
