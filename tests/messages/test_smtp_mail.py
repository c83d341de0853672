"""Mail through a real SMTP conversation: what arrives, and what every way of failing means."""

import socket
import ssl
import threading
from asyncio import AbstractServer
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from frontoffice.config import Smtp
from frontoffice.messages.models import Medium, MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Refused
from frontoffice.messages.smtp_mail import SmtpMail, compose
from frontoffice.messages.timing import Timing
from tests.messages.parts import MAIL, Post, parameters

SHORT = Timing(connect=timedelta(seconds=1), answer=timedelta(seconds=1))
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:CANCEL\r\nSUMMARY:Termin „Übertrag“\r\nEND:VCALENDAR\r\n"


@dataclass
class Keeper:
    """A mail server that keeps what it takes, and refuses what it is told to."""

    replies: dict[str, str] = field(default_factory=dict)
    taken: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    hang_up: bool = False
    port: int = 0

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self.replies:
            return self.replies["DATA"]
        self.taken.append(envelope.content)
        self.recipients.append(envelope.rcpt_tos)
        if self.hang_up:
            server.transport.abort()
        return "250 OK"

    def mail(self) -> EmailMessage:
        """The only mail that was taken."""
        assert len(self.taken) == 1
        parsed = message_from_bytes(self.taken[0], policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class Listening(Controller):
    """A controller on a port that the system chooses; the original has to be given one."""

    def __init__(self, keeper: Keeper, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(keeper, hostname="127.0.0.1", port=self._socket.getsockname()[1], **options)

    def _create_server(self) -> Coroutine[Any, Any, AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket, ssl=self.ssl_context)


Start = Callable[..., Keeper]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts mail servers, and stops them at the end."""
    running: list[Controller] = []

    def run(**options: Any) -> Keeper:
        server = Keeper()
        controller = Listening(server, **options)
        controller.start()
        running.append(controller)
        server.port = controller.port
        return server

    yield run
    for controller in running:
        controller.stop(no_assert=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server for tests")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(
        made.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return path


def provider(port: int, context: ssl.SSLContext | None = None, **changes: Any) -> SmtpMail:
    values: dict[str, Any] = {"security": "none", "sender": "Amt Müsterstadt <termin@amt.example.org>"}
    settings = Smtp(host="127.0.0.1", port=port, **(values | changes))
    return SmtpMail(settings, SHORT, lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC), context)


def outgoing(**changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "to": MAIL,
        "text": "Grüße\n\n.\nEine Zeile mit einem Punkt davor.",
        "key": "appointment:1:booked:mail",
        "language": "de",
        "valid_for": timedelta(hours=1),
        "subject": "Ihr Termin – bestätigt",
        "html": "<p>Grüße</p>",
    }
    return Outgoing(**(values | changes))


def meaning(outcome: Outcome) -> Meaning | None:
    return outcome.meaning if isinstance(outcome, Refused) else None


def test_a_mail_arrives_as_text_and_as_html(start: Start) -> None:
    server = start()
    assert provider(server.port).send(outgoing()) == Accepted(status="250")
    mail = server.mail()
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == "Grüße\n\n.\nEine Zeile mit einem Punkt davor.\n"
    assert html.get_content().strip() == "<p>Grüße</p>"
    assert mail["Subject"] == "Ihr Termin – bestätigt"
    assert mail["From"] == "Amt Müsterstadt <termin@amt.example.org>"
    assert (mail["To"], server.recipients) == (MAIL, [[MAIL]])
    assert mail["Date"].datetime == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "de")


def test_a_calendar_file_is_an_invitation_and_a_file(start: Start) -> None:
    server = start()
    provider(server.port).send(outgoing(calendar=CALENDAR))
    mail = server.mail()
    assert mail.get_content_type() == "multipart/mixed"
    alternatives, attached = mail.iter_parts()
    assert alternatives.get_content_type() == "multipart/alternative"
    texts = [part.get_content_type() for part in alternatives.iter_parts()]
    assert texts == ["text/plain", "text/html", "text/calendar"]
    invitation = list(alternatives.iter_parts())[-1]
    assert (invitation.get_param("method"), invitation.get_param("charset")) == ("CANCEL", "utf-8")
    assert not invitation.is_attachment()
    assert attached.get_content_type() == "application/ics"
    assert attached.get_filename() == "appointment.ics"
    for part in (invitation, attached):
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        assert content.decode() == CALENDAR
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Grüße" in body.get_content()


def test_what_can_be_switched_off_says_where_to_mail_programs() -> None:
    link = "https://termin.example.org/messages/1f/abc/stop"
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    with_link, without = (compose("a@example.org", outgoing(unsubscribe=each), now) for each in (link, ""))
    assert with_link["List-Unsubscribe"] == f"<{link}>"
    assert with_link["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert without["List-Unsubscribe"] is None


def test_every_attempt_has_the_same_name_and_every_message_its_own(start: Start) -> None:
    server = start()
    mine = provider(server.port)
    for key in ("a:mail", "a:mail", "b:mail"):
        mine.send(outgoing(key=key))
    first, again, other = (message_from_bytes(raw)["Message-ID"] for raw in server.taken)
    assert first == again != other
    assert first.endswith("@amt.example.org>")
    assert "a:mail" not in first


def test_it_is_encrypted_and_signed_in_where_that_is_set(start: Start, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    asked: list[bytes] = []

    def sign_in(_server: Any, session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert session.ssl
        assert isinstance(data, LoginPassword)
        asked.append(data.login)
        return AuthResult(success=data.password == b"right", handled=False)

    server = start(tls_context=context, require_starttls=True, authenticator=sign_in, auth_required=True)
    trusting = ssl.create_default_context(cafile=certificate)
    right = provider(server.port, trusting, security="starttls", username="amt", password="right")
    wrong = provider(server.port, trusting, security="starttls", username="amt", password="wrong")
    assert right.send(outgoing()) == Accepted(status="250")
    assert wrong.send(outgoing()) == Refused(Meaning.STOP, "greeting 535")
    assert set(asked) == {b"amt"}


def test_a_server_that_speaks_tls_from_the_start_is_reached(start: Start, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = start(ssl_context=context)
    trusting = ssl.create_default_context(cafile=certificate)
    assert provider(server.port, trusting, security="tls").send(outgoing()) == Accepted(status="250")
    assert meaning(provider(server.port, security="tls").send(outgoing())) is Meaning.STOP
    assert len(server.taken) == 1


def test_nothing_is_sent_in_clear_where_encryption_was_asked_for(start: Start) -> None:
    server = start()
    assert meaning(provider(server.port, security="starttls").send(outgoing())) is Meaning.STOP
    assert server.taken == []


@pytest.mark.parametrize(
    ("command", "reply", "outcome"),
    [
        ("MAIL", "451 Later", Refused(Meaning.LATER, "sender 451")),
        ("MAIL", "550 Not you", Refused(Meaning.STOP, "sender 550")),
        ("RCPT", "450 Greylisted", Refused(Meaning.LATER, "recipient 450")),
        ("RCPT", "550 No such user", Refused(Meaning.DEAD, "recipient 550")),
        ("DATA", "452 Full", Refused(Meaning.LATER, "content 452")),
        ("DATA", "554 Spam", Refused(Meaning.DEAD, "content 554")),
    ],
)
def test_a_refusal_is_understood_at_every_stage(
    start: Start, command: str, reply: str, outcome: Refused
) -> None:
    server = start()
    server.replies[command] = reply
    assert provider(server.port).send(outgoing()) == outcome
    assert server.taken == []


def test_a_connection_lost_after_the_content_leaves_it_open(start: Start) -> None:
    server = start()
    server.hang_up = True
    assert meaning(provider(server.port).send(outgoing())) is Meaning.UNKNOWN
    assert len(server.taken) == 1


def test_a_server_that_cannot_be_reached_is_tried_later(start: Start) -> None:
    assert meaning(provider(9).send(outgoing())) is Meaning.LATER


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (b"EHLO", Meaning.LATER),
        (b"MAIL", Meaning.LATER),
        (b"DATA", Meaning.LATER),
        (b".\r\n", Meaning.UNKNOWN),
    ],
)
def test_a_server_that_answers_drop_by_drop_is_left_in_time(after: bytes, outcome: Meaning) -> None:
    """Each drop comes in time by the socket's own limit, and the last one never."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines, suppress(OSError):
                connection.sendall(b"220 here\r\n")
                in_content = False
                for line in lines:
                    if line.upper().startswith(after):
                        break
                    if not in_content:
                        in_content = line.upper().startswith(b"DATA")
                        connection.sendall(b"354 go on\r\n" if in_content else b"250 OK\r\n")
                while not ended.wait(0.05):
                    connection.sendall(b"2")

        server = threading.Thread(target=serve)
        server.start()
        hasty = Timing(connect=timedelta(seconds=0.2), answer=timedelta(seconds=0.2))
        settings = Smtp(
            host="127.0.0.1", port=listening.getsockname()[1], security="none", sender="a@example.org"
        )
        result: list[Outcome] = []
        asking = threading.Thread(
            target=lambda: result.append(SmtpMail(settings, hasty).send(outgoing())), daemon=True
        )
        asking.start()
        asking.join(10)
        ended.set()
        server.join(10)
    assert [meaning(each) for each in result] == [outcome]


def test_an_address_cannot_smuggle_in_a_header(start: Start) -> None:
    server = start()
    with pytest.raises(ValueError, match=r"Invalid|invalid|linefeed|parse"):
        provider(server.port).send(outgoing(to="maria@example.org\r\nBcc: all@example.org"))
    with pytest.raises(ValueError, match=r"Invalid|invalid|linefeed|parse"):
        provider(server.port).send(outgoing(subject="Termin\r\nBcc: all@example.org"))
    assert server.taken == []


def test_a_mail_goes_from_the_outbox_to_the_mailbox_once(start: Start, post: Post) -> None:
    server = start()
    details = {
        "ends_at": "2026-11-25T09:00:00+00:00",
        "sequence": "0",
        "stamp": "2026-11-23T07:00:00+00:00",
        "office_mail": "termine@musterstadt.example",
    }
    message = post.put(medium=Medium.MAIL, parameters=parameters(**details))
    post.mail = provider(server.port)  # type: ignore[assignment]
    assert (post.deliver(), post.deliver()) == (1, 0)
    assert post.look(message).state is MessageState.SENT
    mail = server.mail()
    assert mail["Subject"] == "Your appointment on Wednesday, 25 November 2026, 09:30"
    (file,) = mail.iter_attachments()
    content = file.get_content()
    assert b"METHOD:REQUEST" in content
    assert MAIL.encode() in content.replace(b"\r\n ", b"")


def test_a_mail_that_may_have_left_is_sent_again_under_the_same_name(start: Start, post: Post) -> None:
    server = start()
    server.hang_up = True
    message = post.put(medium=Medium.MAIL)
    post.mail = provider(server.port)  # type: ignore[assignment]
    post.deliver()
    assert post.look(message).state is MessageState.UNKNOWN
    server.hang_up = False
    post.clock.move(minutes=2)
    post.clarify()
    post.deliver()
    assert post.look(message).state is MessageState.SENT
    assert len({message_from_bytes(raw)["Message-ID"] for raw in server.taken}) == 1
