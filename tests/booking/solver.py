"""What a browser does with a challenge of the captcha, in a few lines and without the library that made it."""

import base64
import hashlib
import json
from itertools import count
from typing import Any


def solve(challenge: dict[str, Any]) -> str:
    """The answer to a challenge, as it is sent with a hold."""
    about = challenge["parameters"]
    nonce, salt = bytes.fromhex(about["nonce"]), bytes.fromhex(about["salt"])
    for number in count():
        password = nonce + number.to_bytes(4, "big")
        key = hashlib.pbkdf2_hmac("sha256", password, salt, about["cost"], about["keyLength"]).hex()
        if key.startswith(about["keyPrefix"]):
            return encoded({"challenge": challenge, "solution": {"counter": number, "derivedKey": key}})
    raise AssertionError


def encoded(answer: Any) -> str:
    """An answer as it travels."""
    return base64.b64encode(json.dumps(answer).encode()).decode()


def decoded(answer: str) -> Any:
    """An answer again."""
    return json.loads(base64.b64decode(answer))
