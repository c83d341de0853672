"""Pages for team leads and administrators: which kiosks and displays there are, pairing them, signing them off."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Form, StringField
from wtforms.validators import DataRequired, Length

from frontoffice import clock
from frontoffice.errors import N_, Conflict, Invalid, NotFound, NotSignedIn
from frontoffice.offices import finding
from frontoffice.offices.models import Office
from frontoffice.staff import device_reports, devices, roles
from frontoffice.staff.device_reports import Trouble
from frontoffice.staff.models import Account, Device, DeviceKind, PrinterState
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, say
from frontoffice.web.needs import all_need
from frontoffice.web.problems import status_of

pages = Blueprint("device_pages", __name__, url_prefix="/staff/devices/<slug>")
all_need(pages, Permission.MANAGE_DEVICES)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

NUMBER = "<int(max=2147483647):number>"  # the largest id that every database knows

KINDS = {DeviceKind.KIOSK: N_("Kiosk"), DeviceKind.DISPLAY: N_("Screen")}
PRINTERS = {
    PrinterState.OK: N_("Ready"),
    PrinterState.OUT_OF_PAPER: N_("Out of paper"),
    PrinterState.UNREACHABLE: N_("Cannot be reached"),
    PrinterState.OFF: N_("None"),
}
TROUBLES = {
    Trouble.DOUBLED: N_(
        "Two devices use this pairing, and neither gives numbers any more. Please create a new code and pair the right "
        "one with it. The other one is then signed off."
    ),
    Trouble.OUT_OF_PAPER: N_("The printer is out of paper. Numbers are shown on the screen only."),
    Trouble.PRINTER: N_(
        "The printer cannot be reached. Please check its cable and whether it is on. Numbers are shown on the screen "
        "only."
    ),
    Trouble.INTERRUPTED: N_(
        "The device was switched off while it was printing. The ticket may be missing; it is not printed twice."
    ),
    Trouble.STUCK: N_(
        "Visitors hold numbers of this device that the office could not take. Please ask who waits there what they "
        "came for."
    ),
    Trouble.SILENT: N_("The device has not been heard of. Please see whether it is on and connected."),
    Trouble.CLOCK: N_(
        "The clock of the device is wrong. Please put it right; until then times are corrected."
    ),
}


class DeviceForm(Form):
    """A new kiosk."""

    name = StringField(
        N_("Name"), [DataRequired(N_("Please enter a name, for instance “Entrance, left”.")), Length(max=60)]
    )


class Desk(NamedTuple):
    """Who is asking, about which office, in which transaction, and when."""

    session: Session
    account: Account
    office: Office
    now: datetime

    @property
    def actor(self) -> str:
        """By what name events know who is asking."""
        return f"account:{self.account.id}"


@pages.get("/")
def listed(slug: str) -> ResponseReturnValue:
    """All devices of the office: how they are, and the way to add one."""
    with _desk(slug) as desk:
        return _list(desk, DeviceForm())


@pages.post("/")
def add(slug: str) -> ResponseReturnValue:
    """Add a kiosk, and show its one-time code."""
    form = DeviceForm(request.form)
    with _desk(slug) as desk:
        if not form.validate():
            form.name.errors = [_(message) for message in form.name.errors]
            return _list(desk, form), 422
    try:
        with _desk(slug, writing=True) as desk:
            device, code = devices.add(
                desk.session, desk.office, form.name.data or "", DeviceKind.KIOSK, desk.now, actor=desk.actor
            )
            return _code(desk, device, code), 201
    except (Conflict, Invalid) as error:
        form.name.errors, status = [say(error)], status_of(error)
    with _desk(slug) as desk:
        return _list(desk, form), status


@pages.post(f"/{NUMBER}/code")
def new_code(slug: str, number: int) -> ResponseReturnValue:
    """Show a new one-time code for a device: what is paired goes on until the code is used."""
    with _desk(slug, writing=True) as desk:
        device = _device(desk, number)
        return _code(desk, device, devices.issue_code(desk.session, device, desk.now, actor=desk.actor))


@pages.post(f"/{NUMBER}/revoke")
def revoke(slug: str, number: int) -> ResponseReturnValue:
    """Sign a device off, at once."""
    with _desk(slug, writing=True) as desk:
        device = _device(desk, number)
        devices.revoke(desk.session, device.id, desk.now, actor=desk.actor)
        flash(_("“%(name)s” is signed off and can do nothing any more.", name=device.name), "success")
    return redirect(url_for("device_pages.listed", slug=slug), 303)


@contextmanager
def _desk(slug: str, *, writing: bool = False) -> Iterator[Desk]:
    now = clock.now()
    with database().write() if writing else database().read() as session:
        account = access.staff_required(session, Permission.MANAGE_DEVICES, now)
        office = finding.office(session, slug)
        access.office_required(account, office.id)
        yield Desk(session, account, office, now)


def _device(desk: Desk, number: int) -> Device:
    device = desk.session.get(Device, number)
    if device is None or device.office_id != desk.office.id or device.revoked_at is not None:
        raise NotFound
    return device


def _list(desk: Desk, form: DeviceForm) -> str:
    found = desk.session.scalars(
        select(Device)
        .where(Device.office_id == desk.office.id, Device.revoked_at.is_(None))
        .order_by(Device.name)
    ).all()
    return _page(
        desk,
        "staff/devices.html",
        form=form,
        devices=found,
        troubles={each.id: device_reports.troubles(each, desk.now) for each in found if each.paired_at},
    )


def _code(desk: Desk, device: Device, code: str) -> str:
    return _page(
        desk,
        "staff/device_code.html",
        device=device,
        code=code,
        minutes=devices.CODE_MINUTES,
        command=f"frontoffice-kiosk pair --office-url {config().site.base_url} --code {code}",
    )


def _page(desk: Desk, template: str, **values: Any) -> str:
    return render_template(
        template,
        account=desk.account,
        current_office=desk.office,
        may=roles.may,
        kinds=KINDS,
        printers=PRINTERS,
        words=TROUBLES,
        moment=_moment_of(desk.office),
        **values,
    )


def _moment_of(office: Office) -> Callable[[datetime], str]:
    """How moments are written: day and time by the office's clock."""
    locale = get_locale()
    form = "d MMMM, HH:mm" if locale and locale.language == "en" else "short"
    zone = ZoneInfo(office.time_zone)
    return lambda moment: format_datetime(moment, form, tzinfo=zone, locale=locale)
