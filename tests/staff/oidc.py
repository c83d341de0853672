"""A real OpenID provider on loopback, behind a proxy that can change what its ID tokens say, and a browser for both."""

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
SITE = "http://localhost"
CLIENT = {
    "client_id": "frontoffice",
    "client_secret": "a secret that only both of them know",
    "redirect_uris": [f"{SITE}/staff/oidc/back"],
    "post_logout_redirect_uris": [f"{SITE}/staff/sign-in"],
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
}
PEOPLE = {
    "lena": {"name": "Lena Leitung", "preferred_username": "lena", "roles": ["fo-lead"], "office": "mitte"},
    "kim": {
        "name": "Kim Kundig",
        "preferred_username": "kim",
        "roles": ["fo-desk", "other"],
        "office": ["all"],
    },
    "nora": {"name": "Nora Niemand", "preferred_username": "nora", "roles": ["canteen"], "office": "mitte"},
    "ole": {"name": "Ole Ohneort", "preferred_username": "ole", "roles": ["fo-desk"], "office": "elsewhere"},
}
# Headers that say how the proxy itself is talked to. A "keep-alive" would be believed.
OF_ONE_CONNECTION = {"content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"}
Change = Callable[[dict[str, Any], RSAKey], str]


@dataclass
class OpenIdProvider:
    """Where the provider is, its key, and how the next ID token is changed on its way, if at all."""

    issuer: str
    key: RSAKey
    change: Change | None = None
    asked: list[str] = field(default_factory=list)

    def changed(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The token endpoint's answer as it goes on."""
        if self.change is None or "id_token" not in answer:
            return answer
        claims = dict(jwt.decode(answer["id_token"], self.key).claims)
        return {**answer, "id_token": self.change(claims, self.key)}


def signed(claims: dict[str, Any], key: RSAKey) -> str:
    """An ID token with these claims."""
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


@contextmanager
def provider() -> Iterator[OpenIdProvider]:
    """The provider, running."""
    key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    found = OpenIdProvider("", key)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _forwarding(found))
    found.issuer = f"http://127.0.0.1:{proxy.server_port}"
    spare = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    behind = spare.server_port
    spare.server_close()
    proxy.behind = f"http://127.0.0.1:{behind}"  # type: ignore[attr-defined]
    told = {
        "issuer": found.issuer,
        "client": CLIENT,
        "people": PEOPLE,
        "jwks": {"keys": [key.as_dict(private=True)]},
    }
    process = subprocess.Popen(
        ["node", str(SCRIPT), str(behind), json.dumps(told)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the OpenID provider did not start: {process.communicate()[1]}")
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield found
    finally:
        proxy.shutdown()
        proxy.server_close()
        process.terminate()
        process.communicate(timeout=10)


def sign_in(client: FlaskClient, login: str) -> TestResponse:
    """Press the button, sign in at the provider, and come back; gives what our side answers."""
    return client.get(way_back(client, login))


def way_back(client: FlaskClient, login: str) -> str:
    """As `sign_in`, up to the address with the code that the provider sends the browser back to."""
    begun = client.get("/staff/oidc/?next=/staff/account/")
    assert begun.status_code == 302, begun.text
    with requests.Session() as browser:
        answer = browser.get(begun.location, allow_redirects=False)
        for _ in range(20):
            if answer.is_redirect:
                target = urljoin(answer.url, answer.headers["Location"])
                if target.startswith(f"{SITE}/staff/oidc/back"):
                    parts = urlsplit(target)
                    return f"{parts.path}?{parts.query}"
                answer = browser.get(target, allow_redirects=False)
            else:
                answer = browser.post(*_form(answer, login), allow_redirects=False)
    raise AssertionError("the provider never came to an end")


def _form(page: requests.Response, login: str) -> tuple[str, dict[str, str]]:
    action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    assert action is not None, page.text
    prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
    fields = {"prompt": prompt[1] if prompt else "", "login": login, "password": "any"}
    return urljoin(page.url, unescape(action[1])), fields


def _forwarding(found: OpenIdProvider) -> type[BaseHTTPRequestHandler]:
    class Forwarding(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._forward()

        def do_POST(self) -> None:
            self._forward()

        def _forward(self) -> None:
            found.asked.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = requests.request(
                self.command,
                self.server.behind + self.path,  # type: ignore[attr-defined]
                headers={
                    name: value for name, value in self.headers.items() if name.lower() != "content-length"
                },
                data=body,
                allow_redirects=False,
                timeout=20,
            )
            content = answer.content
            if self.path.startswith("/token") and answer.ok:
                content = json.dumps(found.changed(answer.json())).encode()
            self.send_response(answer.status_code)
            for name, value in answer.raw.headers.items():
                if name.lower() not in OF_ONE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
            pass

    return Forwarding
