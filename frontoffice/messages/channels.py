"""Which provider carries which medium: a matter of configuration."""

from frontoffice.config import Messages
from frontoffice.messages.console import Console
from frontoffice.messages.failover import Stopped, resume, state
from frontoffice.messages.models import Medium
from frontoffice.messages.provider import Provider, Providers
from frontoffice.messages.seven_sms import SevenSms
from frontoffice.messages.smtp_mail import SmtpMail
from frontoffice.messages.timing import Timing
from frontoffice.messages.twilio_sms import TwilioSms

__all__ = ["Stopped", "backups", "providers", "resume", "state"]


def providers(settings: Messages, timing: Timing, public_url: str = "") -> Providers:
    """The providers that the configuration names, one for each medium; they report to our pages at `public_url`."""
    return {
        Medium.SMS: _sms(settings.sms, settings, timing, public_url),
        Medium.MAIL: _mail(settings, timing),
    }


def backups(settings: Messages, timing: Timing, public_url: str = "") -> Providers:
    """The providers that take over while the other one is stopped."""
    if settings.sms_backup == "none":
        return {}
    return {Medium.SMS: _sms(settings.sms_backup, settings, timing, public_url)}


def _sms(name: str, settings: Messages, timing: Timing, public_url: str) -> Provider:
    if name == "twilio":
        assert settings.twilio is not None  # config checks it
        return TwilioSms(settings.twilio, timing, public_url=public_url)
    if name == "seven":
        assert settings.seven is not None  # config checks it
        return SevenSms(settings.seven, timing, public_url=public_url)
    return Console(Medium.SMS)


def _mail(settings: Messages, timing: Timing) -> Provider:
    if settings.mail == "console":
        return Console(Medium.MAIL)
    assert settings.smtp is not None  # config checks it
    return SmtpMail(settings.smtp, timing)
