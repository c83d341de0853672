"""Which provider carries which medium: a matter of configuration."""

from frontoffice.config import Messages
from frontoffice.messages.console import Console
from frontoffice.messages.models import Medium
from frontoffice.messages.provider import Provider, Providers
from frontoffice.messages.smtp_mail import SmtpMail
from frontoffice.messages.timing import Timing
from frontoffice.messages.twilio_sms import TwilioSms


def providers(settings: Messages, timing: Timing) -> Providers:
    """The providers that the configuration names, one for each medium."""
    return {Medium.SMS: _sms(settings, timing), Medium.MAIL: _mail(settings, timing)}


def _sms(settings: Messages, timing: Timing) -> Provider:
    if settings.sms == "console":
        return Console(Medium.SMS)
    assert settings.twilio is not None  # config checks it
    return TwilioSms(settings.twilio, timing)


def _mail(settings: Messages, timing: Timing) -> Provider:
    if settings.mail == "console":
        return Console(Medium.MAIL)
    assert settings.smtp is not None  # config checks it
    return SmtpMail(settings.smtp, timing)
