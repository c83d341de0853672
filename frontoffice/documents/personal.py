"""What is known of a person's documents: reminders of ends, and who is told about a card.

A card order itself has no name: only its number with the date of birth leads to it (see `looking_up`). It goes some
days after the card is handed over.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.documents import contact as contacts
from frontoffice.documents import watching
from frontoffice.documents.card_models import CardNotice
from frontoffice.documents.models import ExpiryWatch
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.personal import Record, Who, moment, numbers

COLUMNS = frozenset(
    {
        "expiry_watch.contact",
        "expiry_watch.recipient",
        "expiry_watch.fallback_recipient",
        "card_notice.recipient",
        "card_notice.sealed",
        "card_order.sealed",
    }
)


def find(session: Session, who: Who) -> list[Record]:
    """Watches and notices of the mail or the phone."""
    vault = vaults.of(session)
    given = [(Medium.MAIL, who.mail), (Medium.SMS, who.phone)]
    digests = [each for medium, to in given if to for each in outbox.recipient_digests(vault, medium, to)]
    watches = select(ExpiryWatch).where(
        or_(watching.reaches(digests), ExpiryWatch.id.in_(who.numbers("watch")))
    )
    notices = select(CardNotice).where(CardNotice.recipient.in_(digests))
    return [
        *(_watch(session, each) for each in session.scalars(watches.order_by(ExpiryWatch.id))),
        *(
            Record(
                "card_notice",
                f"card-notice:{each.id}",
                None,
                {
                    "to": vault.open(each.sealed)[1],
                    "language": each.language,
                    "since": moment(each.created_at),
                    "told_at": moment(each.told_at),
                },
            )
            for each in session.scalars(notices.order_by(CardNotice.id))
        ),
    ]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:
    """End the watches, and tell nobody about the cards any more."""
    ids = numbers(records, "watch")
    for watch in session.scalars(
        select(ExpiryWatch).where(ExpiryWatch.id.in_(ids)).with_for_update(of=ExpiryWatch)
    ):
        watching.take_back(session, watch, now)
        watching.forget_contact(watch, now)
        if watch.external is None:
            session.delete(watch)
    session.execute(delete(CardNotice).where(CardNotice.id.in_(numbers(records, "card_notice"))))
    session.flush()


def _watch(session: Session, each: ExpiryWatch) -> Record:
    found = contacts.of(vaults.of(session), each)
    return Record(
        "watch",
        watching.subject(each),
        each.office_id,
        {
            "document": each.kind.value,
            "expires_on": moment(each.expires_on),
            "state": each.state.value,
            "language": each.language,
            "source": each.source,
            "phone": found.phone if found else None,
            "mail": found.mail if found else None,
            "since": moment(each.created_at),
        },
    )
