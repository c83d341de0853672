"""Where the reminders of a watch go: sealed with it, and never anything else about the person."""

from dataclasses import dataclass, replace

from frontoffice.documents.models import ExpiryWatch
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.vault import Vault


@dataclass(frozen=True, slots=True)
class Contact:
    """A mobile number (E.164), a mail address, or both: then the SMS comes first. `external` is a delivery's id."""

    phone: str | None = None
    mail: str | None = None
    external: str | None = None

    @property
    def medium(self) -> Medium:
        """What is written to first."""
        return Medium.SMS if self.phone else Medium.MAIL

    @property
    def to(self) -> str:
        """Where that is."""
        return self.phone or self.mail or ""

    @classmethod
    def at(cls, medium: Medium, to: str) -> "Contact":
        """One address."""
        return cls(phone=to) if medium is Medium.SMS else cls(mail=to)

    def seal(self, vault: Vault) -> bytes:
        """For the database."""
        return vault.seal({"phone": self.phone, "mail": self.mail, "external": self.external})

    def recipients(self, vault: Vault) -> list[str]:
        """The keyed hashes that stand for it, that of the current key first."""
        return outbox.recipient_digests(vault, self.medium, self.to)

    def fallbacks(self, vault: Vault) -> list[str]:
        """The same for the mail behind a phone; none where there is only one of them."""
        both = self.phone and self.mail
        return outbox.recipient_digests(vault, Medium.MAIL, self.mail or "") if both else []

    def fallback(self, vault: Vault) -> str | None:
        """What a watch keeps of it."""
        return next(iter(self.fallbacks(vault)), None)

    def reseal_without_mail(self, vault: Vault) -> bytes:
        """The same with the phone only."""
        return replace(self, mail=None).seal(vault)

    @property
    def shown(self) -> str:
        """Enough to know one's own address by, and too little to learn another's."""
        if self.phone:
            return f"… {self.phone[-3:]}"
        name, _, domain = self.to.rpartition("@")
        return f"{name[:1]}…@{domain}"


def of(vault: Vault, watch: ExpiryWatch) -> Contact | None:
    """The contact of a watch; None where it is forgotten. Raises InvalidToken where no key opens it."""
    return None if watch.contact is None else Contact(**vault.open(watch.contact))
