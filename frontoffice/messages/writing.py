"""A claimed message as it is handed to a provider: with its text, in its language."""

from datetime import datetime

from frontoffice.messages import calendar_file, preferences, suppression, texts
from frontoffice.messages.claiming import Claimed
from frontoffice.messages.envelope import Envelope
from frontoffice.messages.models import Medium
from frontoffice.messages.provider import Outgoing
from frontoffice.messages.suppression import Topic
from frontoffice.messages.texts import Rendered
from frontoffice.vault import Vault


def outgoing(claimed: Claimed, vault: Vault, public_url: str, now: datetime) -> Outgoing:
    """What leaves. `public_url`: where our pages are."""
    envelope = claimed.envelope
    calendar = chooses = unsubscribe = ""
    if claimed.medium is Medium.MAIL:
        calendar = calendar_file.of_mail(claimed.kind, envelope.to, claimed.language, envelope.parameters)
        chooses = _chooses(claimed.id, vault, public_url)
        unsubscribe = f"{chooses}stop" if chooses and suppression.topic_of(claimed.kind) else ""
    rendered = text(claimed.id, claimed.kind, claimed.medium, claimed.language, envelope, vault, public_url)
    return Outgoing(
        to=envelope.to,
        text=rendered.text,
        key=claimed.key,
        language=claimed.language,
        valid_for=claimed.valid_until - now,
        subject=rendered.subject,
        html=rendered.html,
        calendar=calendar,
        tag=claimed.tag,
        unsubscribe=unsubscribe,
    )


def text(
    message_id: int,
    kind: str,
    medium: Medium,
    language: str,
    envelope: Envelope,
    vault: Vault,
    public_url: str,
) -> Rendered:
    """What a message says, always the same; with where its reader chooses what they get."""
    # What is said to who waits in the building links no page that leads there. Who gets no link to the subject
    # otherwise, such as a contact that was changed, has no say in it any more either.
    is_from_line = suppression.topic_of(kind) is Topic.LINE
    leads_on = is_from_line or (medium is Medium.MAIL and "link" in envelope.parameters)
    chooses = _chooses(message_id, vault, public_url) if leads_on else ""
    return texts.render(kind, medium, language, envelope.parameters, preferences_link=chooses)


def _chooses(message_id: int, vault: Vault, public_url: str) -> str:
    return public_url + preferences.address(vault, message_id) if public_url else ""
