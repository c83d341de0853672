"""An office file as text: read with every mistake named, written always in the same way."""

import tomllib
from typing import Any

import tomli_w
from pydantic import ValidationError

from frontoffice.errors import N_, Invalid
from frontoffice.offices.draft import OfficeDraft

HEADER = """\
# Everything that is set for one office. Copy and edit it; office.example.toml explains what can stand here.
#   frontoffice office import FILE    adds the office, or makes the one with this slug what the file says

"""


def parse(text: str) -> OfficeDraft:
    """An office from the text of a TOML file. Raises Invalid that names the first mistake and where it is."""
    try:
        return OfficeDraft.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Invalid("office", N_("The file is not valid TOML: %(reason)s"), reason=str(error)) from None
    except RecursionError:
        raise Invalid("office", N_("The file is not valid TOML: %(reason)s"), reason="too deep") from None
    except ValidationError as error:
        first: Any = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "office"
        reason = first["msg"].removeprefix("Value error, ")
        raise Invalid("office", N_("%(place)s: %(reason)s"), place=place, reason=reason) from None


def written(draft: OfficeDraft) -> str:
    """The text of a file that says the same as the draft. What is as usual in opening hours is left out."""
    values = draft.model_dump(exclude_none=True)
    for schedule, said in zip(values["schedules"], draft.schedules, strict=True):
        schedule["opening_hours"] = [
            {"weekdays": list(each.weekdays)} | each.model_dump(exclude_defaults=True)
            for each in said.opening_hours
        ]
    return HEADER + tomli_w.dumps(values)
