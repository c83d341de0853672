"""Who may knock at our door: the providers of the configuration, by the names in their addresses.

Apart from `channels`: the web server hears providers, and need not carry what is needed to send.
"""

from frontoffice.config import Messages
from frontoffice.messages.provider import Ear
from frontoffice.messages.seven_sms import SevenEar
from frontoffice.messages.twilio_callbacks import TwilioEar


def ears(settings: Messages, public_url: str) -> dict[str, Ear]:
    """An ear for every provider that is configured, in use or not: receipts also come after a change.

    `public_url`: where our pages are.
    """
    found: dict[str, Ear] = {}
    if settings.twilio is not None:
        found["twilio"] = TwilioEar(settings.twilio.auth_token)
    if settings.seven is not None and settings.seven.signing_key is not None:
        found["seven"] = SevenEar(settings.seven.signing_key, public_url=public_url)
    return found
