"""Built assets: small on the wire, and kept by the browser for as long as their address stays the same."""

import mimetypes
import re

from flask import Blueprint, Response, request, send_from_directory
from werkzeug.security import safe_join

from frontoffice.paths import STATIC
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("assets", __name__)
all_need(pages, Kind.PUBLIC)

FOR_EVER = "public, max-age=31536000, immutable"
# Fonts carry the hash of their content in their names, other files get it as ?v= from static_url().
NAMES_ITS_CONTENT = re.compile(r"-[0-9a-f]{8}\.woff2$")


@pages.get("/static/<path:name>")
def static(name: str) -> Response:
    """One built file, compressed where the browser takes that and the build has made such a file."""
    packed = safe_join(str(STATIC), name + ".gz")
    use_packed = (
        request.accept_encodings.best_match(["gzip"]) is not None
        and packed is not None
        and (STATIC / (name + ".gz")).is_file()
    )
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = send_from_directory(
        STATIC, name + ".gz" if use_packed else name, mimetype=kind, conditional=True
    )
    if use_packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = (
        FOR_EVER if "v" in request.args or NAMES_ITS_CONTENT.search(name) else "no-cache"
    )
    return answer
