"""The API of the waiting list: joining, the entry with what is offered to it, leaving."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from frontoffice import clock, languages
from frontoffice.booking import admission, answers, appointing, guessing
from frontoffice.booking.api import language_of, person_of, wrong_details
from frontoffice.booking.models import Appointment
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.shapes import NO_CONTROLS, AppointmentPath, Born, Day, Item, Mail, Phone, Strict
from frontoffice.booking.sheet import TICK
from frontoffice.errors import N_, Invalid, NotSignedIn
from frontoffice.offices.api import Slug
from frontoffice.waitlist import answering, entries, joining, leaving, letters, spots, wish
from frontoffice.waitlist.models import EntryState, WaitlistEntry
from frontoffice.waitlist.wish import MOST_NOTICE, Wish
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import described

api = APIBlueprint("waitlist_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="waiting list")])
all_need(api, Kind.LINK)

Answer = Response | tuple[dict[str, Any], int]
DAY = timedelta(days=1)
SECURITY: list[dict[str, list[Any]]] = [{"appointment": []}]


def _clock(value: object) -> str:
    if not isinstance(value, str) or len(value) != 5 or value[2] != ":" or not value.isascii():
        raise ValueError("must be a time such as 09:30")
    return time.fromisoformat(value).strftime("%H:%M")


Clock = Annotated[str, BeforeValidator(_clock), Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class WishBody(Strict):
    """When somebody would like to come, by the office's calendar and clock."""

    first_day: Day
    last_day: Day
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7)] = Field(
        [], description="1 is Monday; empty: all"
    )
    not_before: Clock | None = None
    before: Clock | None = Field(None, description="The appointment begins before this time")
    notice_hours: Annotated[int, Field(ge=0, le=MOST_NOTICE)] = Field(
        24, description="How much time the person needs between the offer and the appointment"
    )
    stands_until: Day | None = Field(None, description="Until when the wish stands; without it the last day")

    def wish(self) -> Wish:
        """The wish. Raises Invalid."""
        if self.last_day == date.max:
            raise Invalid("last_day", N_("These days are over, or too far ahead. Please choose other days."))
        return Wish(
            self.first_day,
            self.last_day + DAY,
            wish.weekday_bits(each - 1 for each in self.weekdays),
            time.fromisoformat(self.not_before) if self.not_before else None,
            time.fromisoformat(self.before) if self.before else None,
            self.notice_hours,
        )


class NewEntry(WishBody):
    """Who waits for what, where and when. At least one of mail and phone is needed."""

    office: Slug
    items: Annotated[list[Item], Field(min_length=1, max_length=5)]
    schedules: Annotated[list[Slug], Field(max_length=10)] = Field(
        [], description="Separate schedules of the office; empty: those that are pooled"
    )
    other_offices: Annotated[list[Slug], Field(max_length=spots.MOST_OFFICES)] = Field([])
    name: Annotated[str, Field(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    born: Born
    mail: Mail | None = None
    phone: Phone | None = None
    language: Annotated[str, Field(pattern=languages.CODE, description="Of the messages")] | None = None
    captcha: Annotated[str, Field(max_length=4096, description="As for a hold")] | None = None


class OfferAction(Strict):
    """What becomes of the offer."""

    answer: Literal["take", "decline"]


class OfferAnswer(BaseModel):
    """A time that is kept until `expires_at`."""

    office: str
    start: AwareDatetime
    end: AwareDatetime
    expires_at: AwareDatetime


class Booked(BaseModel):
    """The appointment that was made or moved, and the secret that opens it."""

    reference: str
    secret: str


class EntryAnswer(BaseModel):
    """An entry on the waiting list. Its secret is in the message where the contact has to be proved first."""

    reference: str
    secret: str | None
    state: EntryState
    office: str
    ends_at: AwareDatetime
    ahead: int = Field(description="How many wait there for the same service since earlier")
    offer: OfferAnswer | None
    appointment: Booked | None = Field(description="Which an offer became, or which would move")
    page: str | None


@api.post("/waitlist", responses={201: EntryAnswer, **described(404, 409, 429)})
@needs(Kind.PUBLIC)
def join(body: NewEntry) -> Answer:
    """Join the waiting list.

    Where the office lets people prove their contact, the state is `unproven` and the secret comes only in the message.
    409 `already_waiting`, `already_coming`, `too_many_wishes`: as many as allowed.
    """
    now = clock.now()
    try:
        person = person_of(body, now)
        wanted = [(each.service, each.people) for each in body.items]
        rules, network = config().fairness, access.network()
        admission.admit(database(), request.remote_addr, network, body.captcha, now, rules=rules)
        with database().write() as session:
            place = spots.where(
                session, body.office, wanted, schedules=body.schedules, others=body.other_offices
            )
            until = body.stands_until or body.last_day
            language = language_of(body.language)
            entry = joining.join(session, place, body.wish(), until, person, language, now, settings=config())
            shown = None if entry.state is EntryState.UNPROVEN else entries.secret_of(session, entry)
            return _answer(session, entry, shown, now), 201
    except WrongDetails as wrong:
        return wrong_details(wrong)


@api.post(
    "/appointments/<reference>/waitlist",
    responses={201: EntryAnswer, **described(401, 404, 409, 429)},
    security=SECURITY,
)
def join_for(path: AppointmentPath, body: WishBody) -> Answer:
    """Ask for an earlier time for an appointment, with its secret. It stands until an offer is taken."""
    key, now = _secret(), clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        mine = appointing.find(session, path.reference, key)
        until = body.stands_until or body.last_day
        entry = joining.join_for(session, mine, body.wish(), until, now, settings=config())
        return _answer(session, entry, entries.secret_of(session, entry), now), 201


@api.get("/waitlist/<reference>", responses={200: EntryAnswer, **described(401, 404, 429)}, security=SECURITY)
def entry(path: AppointmentPath) -> Answer:
    """An entry, with what is offered to it. 404 is the answer to an unknown reference and a wrong secret alike."""
    key, now = _secret(), clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        return _answer(session, entries.find(session, path.reference, key), key, now), 200


@api.post(
    "/waitlist/<reference>/proof",
    responses={200: EntryAnswer, **described(401, 404, 409, 429)},
    security=SECURITY,
)
def prove(path: AppointmentPath) -> Answer:
    """Prove the contact: whoever has the secret of an unproven entry has it from the message."""
    key, now = _secret(), clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = entries.find(session, path.reference, key)
        joining.prove(session, found, now, settings=config())
        return _answer(session, found, key, now), 200


@api.put(
    "/waitlist/<reference>/wish",
    responses={200: EntryAnswer, **described(401, 404, 409, 429)},
    security=SECURITY,
)
def change(path: AppointmentPath, body: WishBody) -> Answer:
    """Other days and times. The entry keeps its place."""
    key, now = _secret(), clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = entries.find(session, path.reference, key)
        until = body.stands_until or body.last_day
        joining.change(session, found, body.wish(), until, now, settings=config())
        return _answer(session, found, key, now), 200


@api.post(
    "/waitlist/<reference>/offer",
    responses={200: EntryAnswer, **described(401, 404, 409, 429)},
    security=SECURITY,
)
def answer_offer(path: AppointmentPath, body: OfferAction) -> Answer:
    """Take what is offered, or decline it. 409 `offer_gone`: it has run out, or was answered before."""
    key, now = _secret(), clock.now()
    act = answering.take if body.answer == "take" else answering.decline
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = entries.find(session, path.reference, key)
        act(session, found, now, settings=config())
        return _answer(session, found, key, now), 200


@api.delete(
    "/waitlist/<reference>", responses={200: EntryAnswer, **described(401, 404, 429)}, security=SECURITY
)
def leave(path: AppointmentPath) -> Answer:
    """Leave the list; a second time changes nothing."""
    key, now = _secret(), clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = entries.find(session, path.reference, key)
        leaving.leave(session, found, now, settings=config())
        return _answer(session, found, key, now), 200


def _secret() -> str:
    key = access.bearer_token()
    if not key:
        raise NotSignedIn(N_("Please send the secret from the message: Authorization: Bearer …"))
    return key


def _answer(session: Session, found: WaitlistEntry, key: str | None, now: datetime) -> dict[str, Any]:
    offered = answering.open_offer(session, found, now)
    mine = session.get(Appointment, found.appointment_id) if found.appointment_id is not None else None
    return {
        "reference": found.reference,
        "secret": key,
        "state": found.state,
        "office": found.office.slug,
        "ends_at": answers.utc(found.ends_at),
        "ahead": entries.ahead_of(session, found),
        "offer": None
        if offered is None
        else {
            "office": offered.office.slug,
            "start": answers.utc(offered.start),
            "end": answers.utc(offered.start + offered.ticks * TICK),
            "expires_at": answers.utc(offered.expires_at),
        },
        "appointment": None
        if mine is None or key is None
        else {"reference": mine.reference, "secret": appointing.secret_of(session, mine)},
        "page": None if key is None else letters.link(found, key, config().site.base_url),
    }
