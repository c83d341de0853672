"""Mail through an SMTP server; the only file that speaks SMTP.

A connection lost after the content has begun leaves open whether the server took the mail. Every attempt has
the same Message-ID, by which mail programs know a second copy, so an unclear mail is simply sent again.
"""

import hashlib
import os
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from frontoffice import clock as clocks
from frontoffice.config import Smtp
from frontoffice.messages.outcomes import Meaning, Stage, of_smtp
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Refused, Sighting
from frontoffice.messages.timing import Timing

_METHOD = re.compile(r"^METHOD:([A-Z]+)\s*$", re.MULTILINE)


class _Deadline:
    """Cuts a connection when the time for a conversation is up, wherever it is.

    The limits of a socket are for one answer, or a part of one: a server that takes long for every step, or sends its
    answers drop by drop, would hold a message for longer than its lease.
    """

    def __init__(self, time: timedelta) -> None:
        self._watched: socket.socket | None = None
        self._is_over = threading.Event()
        self._timer = threading.Timer(time.total_seconds(), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._timer.cancel()
        if self._watched is not None:
            self._watched.close()

    def watch(self, connection: socket.socket) -> None:
        """This is the connection. Encryption takes its socket over later, so a handle of our own is kept."""
        self._watched = socket.socket(fileno=os.dup(connection.fileno()))
        if self._is_over.is_set():
            self._cut()  # connecting alone has taken that long

    def check(self) -> None:
        """Raises SMTPServerDisconnected where it is over: what was read last may be half an answer."""
        if self._is_over.is_set():
            raise smtplib.SMTPServerDisconnected

    def behind(self, error: Exception) -> Exception:
        """What has gone wrong in truth, where half an answer was understood as something else."""
        return smtplib.SMTPServerDisconnected() if self._is_over.is_set() else error

    def _cut(self) -> None:
        self._is_over.set()
        if self._watched is not None:
            with suppress(OSError):
                self._watched.shutdown(socket.SHUT_RDWR)


class SmtpMail:
    """The mail server of the configuration as a provider."""

    name = "smtp"

    def __init__(
        self,
        settings: Smtp,
        timing: Timing,
        clock: Callable[[], datetime] = clocks.now,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._timing = timing
        self._clock = clock
        self._context = context or ssl.create_default_context()

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one mail: text and HTML, with the calendar file where there is one."""
        sender = parseaddr(self._settings.sender)[1]
        content = compose(self._settings.sender, outgoing, self._clock()).as_bytes(policy=SMTP)
        with _Deadline(self._timing.margin) as deadline:
            try:
                server = self._connect(deadline)
            except Exception as error:
                return _not_taken(Stage.GREETING, deadline.behind(error))
            try:
                return _converse(server, deadline, sender, outgoing.to, content)
            finally:
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()
                server.close()

    def find(self, _to: str, /) -> Sequence[Sighting] | None:
        """None: a mail server keeps no record that we could read."""
        return None

    def _connect(self, deadline: "_Deadline") -> smtplib.SMTP:
        settings, seconds = self._settings, self._timing.connect.total_seconds()
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=seconds, context=self._context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=seconds)
        try:
            assert server.sock is not None  # it is connected
            deadline.watch(server.sock)
            server.sock.settimeout(self._timing.answer.total_seconds())
            server.ehlo_or_helo_if_needed()
            if settings.security == "starttls":
                server.starttls(context=self._context)
                server.ehlo_or_helo_if_needed()
            if settings.username:
                server.login(settings.username, settings.password or "")
        except BaseException:
            server.close()
            raise
        return server


def compose(sender: str, outgoing: Outgoing, now: datetime) -> EmailMessage:
    """The mail as it is sent. `sender` may hold a name: "Musterstadt <termin@example.org>"."""
    mail = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    mail["From"] = Address(display_name=name, addr_spec=address)
    mail["To"] = Address(addr_spec=outgoing.to)
    mail["Subject"] = outgoing.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(outgoing.key, address)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    if outgoing.unsubscribe:
        mail["List-Unsubscribe"] = f"<{outgoing.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    mail.set_content(outgoing.text)
    mail.add_alternative(outgoing.html, subtype="html")
    if outgoing.calendar:
        # Calendars that understand invitations (RFC 6047) take the first one; for all others there is a file.
        found = _METHOD.search(outgoing.calendar)
        method = {"method": found.group(1) if found else "PUBLISH"}
        mail.add_alternative(outgoing.calendar, subtype="calendar", params=method)
        mail.add_attachment(
            outgoing.calendar.encode(), maintype="application", subtype="ics", filename="appointment.ics"
        )
    # Last: what is called Content-… moves into the first part when others are added.
    mail["Content-Language"] = outgoing.language
    return mail


def message_id(key: str, sender: str) -> str:
    """The Message-ID of every attempt of the message with that key; tells nothing about it."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"


def _converse(server: smtplib.SMTP, deadline: _Deadline, sender: str, to: str, content: bytes) -> Outcome:
    stage = Stage.SENDER
    try:
        code, _ = server.mail(sender)
        if code == 250:
            stage = Stage.RECIPIENT
            code, _ = server.rcpt(to)
        deadline.check()
    except Exception as error:
        return _not_taken(stage, deadline.behind(error))
    if code not in (250, 251):
        return Refused(of_smtp(stage, code), f"{stage} {code}")
    try:
        code, _ = server.data(content)
        deadline.check()
    except smtplib.SMTPDataError as error:  # said no before the content
        if (cause := deadline.behind(error)) is not error:
            return _not_taken(Stage.CONTENT, cause)
        code = error.smtp_code
    except (OSError, smtplib.SMTPException) as error:
        return Refused(Meaning.UNKNOWN, f"{Stage.CONTENT} {type(error).__name__}")
    if code == 250:
        return Accepted(status=str(code))
    return Refused(of_smtp(Stage.CONTENT, code), f"{Stage.CONTENT} {code}")


def _not_taken(stage: Stage, error: Exception) -> Refused:
    """What an error before the content means; raises what comes from neither network nor server."""
    match error:
        case smtplib.SMTPResponseException():
            return Refused(of_smtp(stage, error.smtp_code), f"{stage} {error.smtp_code}")
        case smtplib.SMTPNotSupportedError() | ssl.SSLCertVerificationError():
            return Refused(
                Meaning.STOP, f"{stage} {type(error).__name__}"
            )  # no encryption or sign-in, as configured
        case OSError() | smtplib.SMTPException():
            return Refused(Meaning.LATER, f"{stage} {type(error).__name__}")
    raise error
