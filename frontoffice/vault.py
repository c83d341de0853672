"""Sealing what must be kept secret in the database, and digests to find it again.

Every key of the configuration is stretched into separate keys per purpose, so that a leaked digest key opens nothing.
The first key seals and signs; the others only open and verify, which is what rotating keys needs.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

_to_json = json.JSONEncoder(ensure_ascii=False).encode

__all__ = ["InvalidToken", "Vault", "fingerprint", "of"]


class Vault:
    """Seals, opens and digests with the keys of the configuration (at least one, current first)."""

    def __init__(self, keys: Sequence[str]) -> None:
        fernets = [Fernet(base64.urlsafe_b64encode(_derive(key, "seal"))) for key in keys]
        self._current, self._fernet = fernets[0], MultiFernet(fernets)
        self._digests = [_Digest(_derive(key, "digest")) for key in keys]
        self.session_keys = [_derive(key, "session").hex() for key in keys]

    def seal(self, value: Any) -> bytes:
        """`value` (anything JSON can carry), encrypted and authenticated."""
        return self._current.encrypt(_to_json(value).encode())

    def open(self, sealed: bytes) -> Any:
        """What was sealed. Raises InvalidToken where no configured key opens it."""
        return json.loads(self._fernet.decrypt(sealed))

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed with the current key."""
        try:
            self._current.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def reseal(self, sealed: bytes) -> bytes:
        """The same content, sealed with the current key. Raises InvalidToken where no configured key opens it."""
        return self._fernet.rotate(sealed)

    def digest(self, purpose: str, value: str) -> str:
        """A keyed hash (64 hex digits): equal for equal values of one purpose, useless without the key."""
        return self._digests[0].of(f"{purpose}\x00{value}").hex()

    def digests(self, purpose: str, value: str) -> list[str]:
        """The digests under every configured key, current first: what a search has to look for while keys rotate."""
        said = f"{purpose}\x00{value}"
        return [digest.of(said).hex() for digest in self._digests]

    def token(self, purpose: str, value: str) -> str:
        """A secret (24 characters, 120 bits) that belongs to `value`: worked out again instead of being stored."""
        return _token(self._digests[0], purpose, value)

    def token_matches(self, token: str, purpose: str, value: str) -> bool:
        """Whether `token` is the secret of `value` under any configured key; takes the same time for any wrong one."""
        expected = [_token(digest, purpose, value) for digest in self._digests]
        matches = [hmac.compare_digest(token.lower().encode(), each.encode()) for each in expected]
        return any(matches)  # of a list: every key is compared, whichever fits


def of(session: Session) -> Vault:
    """The vault that `frontoffice.db` handed to this session."""
    return cast(Vault, session.info["vault"])


def fingerprint(secret: str) -> str:
    """SHA-256 (64 hex digits) of a random secret with enough entropy to need no key, for storing credentials."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _derive(key: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"frontoffice/{purpose}".encode()).derive(
        key.encode()
    )


class _Digest:
    """HMAC with SHA-256 under one key, which is stirred in once and not with every value."""

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    def of(self, value: str) -> bytes:
        """The digest: 32 bytes."""
        digest = self._begun.copy()
        digest.update(value.encode())
        return digest.digest()


def _token(digest: _Digest, purpose: str, value: str) -> str:
    raw = digest.of(f"token/{purpose}\x00{value}")
    return base64.b32encode(raw[:15]).decode().lower()
