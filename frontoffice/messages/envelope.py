"""What of a message is sealed: where it goes, what it says, and where it goes instead."""

from dataclasses import dataclass

from frontoffice.vault import InvalidToken, Vault


@dataclass(frozen=True, slots=True)
class Envelope:
    """Address and contents of a message; `fallback_to` is a mail address in case an SMS fails."""

    to: str
    parameters: dict[str, str]
    fallback_to: str | None = None


def seal(vault: Vault, envelope: Envelope) -> bytes:
    """The envelope, sealed for the database."""
    return vault.seal(
        {"to": envelope.to, "parameters": envelope.parameters, "fallback_to": envelope.fallback_to}
    )


def unseal(vault: Vault, sealed: bytes | None) -> Envelope | None:
    """The envelope again; None where its contents are redacted, or sealed with a key no longer known."""
    try:
        return None if sealed is None else Envelope(**vault.open(sealed))
    except InvalidToken:
        return None
