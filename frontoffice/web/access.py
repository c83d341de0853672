"""Who is asking: the member of staff or the device behind a request, and whether they may.

Pages know staff by the browser's session cookie, the API by a bearer token. A cookie never counts in the API,
which is exempt from CSRF protection because no browser sends a bearer token by itself.
"""

import ipaddress
from datetime import datetime
from functools import lru_cache

from flask import current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from frontoffice import clock
from frontoffice.errors import NotSignedIn
from frontoffice.quick import Rider
from frontoffice.staff import devices, roles, signing_in
from frontoffice.staff.models import Account, Device, StaffSession
from frontoffice.staff.roles import Permission
from frontoffice.staff.signing_in import Lasting
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, stick_to

COOKIE_KEY = "staff"
BY_ITSELF = (
    "X-Background"  # what an open page asks with when something has happened, without anybody doing anything
)


class DeviceUnknown(NotSignedIn):
    """The credential is missing, unknown or revoked."""

    code = "device_unknown"


def staff_required(
    reading: Session, permission: Permission, now: datetime, rider: Rider | None = None
) -> Account:
    """The account that is signed in, if its role includes the permission. (Where? Ask `office_required`.)

    The `rider` may be run in the same round trip, as `signing_in.session_of` says.
    Raises NotSignedIn (pages turn that into the way to the sign-in page) and NotAllowed, and Unnamed where the route
    has not named the permission.
    """
    stick_to(current_app, permission)
    account = _signed_in(reading, now, rider).account
    roles.require(account, permission)
    return account


def account_required(reading: Session, now: datetime) -> StaffSession:
    """The session of whoever is signed in, whatever their role. Raises NotSignedIn, Unnamed."""
    stick_to(current_app, Kind.ACCOUNT)
    return _signed_in(reading, now)


def _signed_in(reading: Session, now: datetime, rider: Rider | None = None) -> StaffSession:
    token = bearer_token() if request.path.startswith("/api/") else session.get(COOKIE_KEY)
    found = signing_in.session_of(reading, token, now, rider) if token else None
    if found is None or found.step is not None:
        raise NotSignedIn
    by_itself = BY_ITSELF in request.headers  # nobody may be there
    if not by_itself and signing_in.is_due_to_be_used(found, lasting().idle, now):
        g.staff_session_used = found.id
    return found


def note_use(answer: AnyResponse) -> AnyResponse:
    """After a request: note that the session was used, now and then, in a transaction of its own."""
    used = g.pop("staff_session_used", None)
    if used is not None:
        with database().write() as writing:
            signing_in.used(writing, used, lasting().idle, clock.now())
    return answer


def lasting() -> Lasting:
    """How long sessions last."""
    settings = config().staff
    return Lasting(settings.session_hours, settings.idle_minutes)


def office_required(account: Account, office_id: int) -> None:
    """Raise NotAllowed unless the account is valid at the office."""
    roles.require_office(account, office_id)


def device_required(reading: Session) -> Device:
    """The paired device that is asking. Raises NotSignedIn."""
    credential = bearer_token()
    device = devices.device_of(reading, credential) if credential else None
    if device is None:
        raise DeviceUnknown
    return device


def bearer_token() -> str | None:
    """The token of the Authorization header, if there is one of the kind Bearer."""
    authorization = request.authorization
    return authorization.token if authorization and authorization.type == "bearer" else None


def keep_in_cookie(token: str) -> None:
    """Let the browser carry the token. Nothing from before survives: that would be session fixation."""
    session.clear()
    session[COOKIE_KEY] = token


def token_in_cookie() -> str | None:
    """The token that this browser carries."""
    token: str | None = session.get(COOKIE_KEY)
    return token


def forget_cookie() -> str | None:
    """Empty the browser's session and return the token that was in it."""
    token = session.get(COOKIE_KEY)
    session.clear()
    return token


def ask_to_sign_in(_error: NotSignedIn) -> ResponseReturnValue:
    """Send a browser to sign in, and from there to where it was going; for `register_error_handler`."""
    # What was sent by POST cannot be sent again from a link.
    target = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
    return redirect(url_for("staff_pages.sign_in", next=target), 303)


def network() -> str:
    """A keyed hash of where the request comes from: an IPv4 address, or the first 64 bits of an IPv6 one."""
    return database().vault.digest("network", _network_of(request.remote_addr or ""))


@lru_cache(maxsize=1024)
def _network_of(remote: str) -> str:
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        address = ipaddress.IPv4Address(0)  # behind a local socket there is only one network
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False).network_address
    return str(address)
