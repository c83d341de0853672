"""What Twilio tells us: checks its signature and reads its forms. Apart from sending, whose client is large."""

from twilio.request_validator import RequestValidator

from frontoffice.messages.outcomes import RANKS, of_delivery
from frontoffice.messages.provider import Knock, NotSignedError, Reply, Report

SIGNATURE = "x-twilio-signature"


class TwilioEar:
    """Hears one account. Unknown parameters are part of what is signed, and else ignored."""

    name = "twilio"

    def __init__(self, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)

    def report(self, knock: Knock, tag: str | None) -> Report | None:
        """A status callback. Raises NotSignedError."""
        form = self._signed(knock)
        sid, status = form.get("MessageSid") or form.get("SmsSid"), form.get("MessageStatus", "").lower()
        if not sid or status not in RANKS:
            return None
        code = form.get("ErrorCode", "")
        number = int(code) if code.isdecimal() and len(code) < 9 else None
        return Report(self.name, sid[:64], status, code[:40] or None, of_delivery(number), tag)

    def reply(self, knock: Knock) -> Reply | None:
        """An inbound SMS. Raises NotSignedError."""
        form = self._signed(knock)
        sid, sender = form.get("MessageSid") or form.get("SmsSid"), form.get("From", "")
        if not sid or not sender.startswith("+"):
            return None  # a short code, or another kind of sender: nobody we write to
        return Reply(self.name, sid[:64], sender, form.get("Body", ""), form.get("OptOutType"))

    def _signed(self, knock: Knock) -> dict[str, str]:
        params = _Form({name: list(values) for name, values in knock.form.items()})
        if not self._validator.validate(knock.url, params, knock.headers.get(SIGNATURE, "")):
            raise NotSignedError
        return {name: values[0] for name, values in params.items() if values}


class _Form(dict[str, list[str]]):
    """A form as the validator wants to be asked for it."""

    def getlist(self, name: str) -> list[str]:
        """All values of a field."""
        return list(self[name])
