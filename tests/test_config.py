"""The configuration: every mistake is one clear line that names the key."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from frontoffice.config import Config, ConfigError, load

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
GOOD = """
[site]
base_url = "https://termine.example.org/"
secret_keys = ["0123456789abcdef0123456789abcdef"]
[database]
url = "sqlite:///frontoffice.db"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    config = load(write(tmp_path, GOOD), {})
    assert config.site.base_url == "https://termine.example.org"
    assert config.web.port == 8000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("base_url", "base_ulr"), "site.base_ulr is not a known key (did you mean base_url?)"),
        (GOOD.replace('url = "sqlite', '# "sqlite'), "database.url is missing"),
        (GOOD.replace("sqlite:///", "mysql://"), "database.url: must start with sqlite:/// or postgresql://"),
        (GOOD.replace("https://", "ftp://"), "site.base_url: must be an address such as"),
        (
            GOOD.replace("0123456789abcdef0123456789abcdef", "short"),
            "site.secret_keys.0: string should have at least 32",
        ),
        (
            GOOD.replace('["0123456789abcdef0123456789abcdef"]', "[]"),
            "site.secret_keys: tuple should have at least 1",
        ),
        (GOOD + '[messages]\nsms = "twilio"', "the section [messages.twilio] is missing"),
        (GOOD + '[messages]\nmail = "smtp"\n[messages.smtp]\nhost = "x"', "messages.smtp.sender is missing"),
        (GOOD + "[web]\nport = 0", "web.port: input should be greater than or equal to 1"),
        (GOOD + '[demo]\nenabled = true\n[messages]\nsms = "twilio"', "messages.twilio"),
        ("[site\n", "not valid TOML"),
        (
            GOOD.replace("https://termine.example.org/", "https:///nohost"),
            "site.base_url: must be an address",
        ),
        (
            GOOD.replace("https://termine.example.org/", "https://x.example?a=1"),
            "site.base_url: must be an address",
        ),
        (
            GOOD.replace("[database]", 'languages = ["de", "zz"]\n[database]'),
            "site.languages: there are no texts in “zz”",
        ),
        (GOOD.replace("sqlite:///frontoffice.db", "sqlite://"), "database.url: must name a file"),
        (
            GOOD.replace("sqlite:///frontoffice.db", "postgresql://host:port/x"),
            "database.url: must be sqlite:///PATH",
        ),
        (
            GOOD + '[messages.smtp]\nhost = "x"\nsender = "Amt"',
            "messages.smtp.sender: must be a mail address",
        ),
    ],
)
def test_a_mistake_is_named_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), {})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "config.toml" in str(caught.value)


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="copy config.example.toml"):
        load(tmp_path / "nowhere.toml", {})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environment = {
        "FRONTOFFICE_WEB__PORT": "9000",
        "FRONTOFFICE_MESSAGES__REMINDER_HOURS": "[72, 24]",
        "OTHER": "x",
    }
    config = load(write(tmp_path, GOOD), environment)
    assert (config.web.port, config.messages.reminder_hours) == (9000, (72, 24))


def test_a_typo_in_the_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="web.prot is not a known key .did you mean port"):
        load(write(tmp_path, GOOD), {"FRONTOFFICE_WEB__PROT": "9000"})


def test_a_value_that_begins_like_a_list_stays_a_text(tmp_path: Path) -> None:
    environment = {"FRONTOFFICE_SITE__NAME": "[Amt] Musterstadt", "FRONTOFFICE_KIOSK_DATA": "/somewhere"}
    assert load(write(tmp_path, GOOD), environment).site.name == "[Amt] Musterstadt"


def test_a_malformed_list_in_the_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FRONTOFFICE_MESSAGES__REMINDER_HOURS"):
        load(write(tmp_path, GOOD), {"FRONTOFFICE_MESSAGES__REMINDER_HOURS": "[72"})


def test_an_environment_key_that_is_both_section_and_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="web"):
        load(write(tmp_path, GOOD), {"FRONTOFFICE_WEB": "x", "FRONTOFFICE_WEB__PORT": "9000"})


def test_the_example_shows_every_key_with_its_default() -> None:
    """A key that is added without a line in the example, or a default that drifts apart from it, fails here."""
    text = EXAMPLE.read_text(encoding="utf-8")
    written = tomllib.loads(text)
    config = Config.model_validate(
        {
            "site": {"base_url": "https://x.example", "secret_keys": ["x" * 32]},
            "database": {"url": "sqlite:///x"},
        }
    )
    for section, values in config.model_dump(mode="json").items():
        for key, default in values.items():
            if default is None:
                assert f"[{section}.{key}]" in text
            elif (section, key) not in {("site", "base_url"), ("site", "secret_keys"), ("database", "url")}:
                assert written[section][key] == default, f"{section}.{key}"


def test_the_example_needs_only_its_secret_to_be_usable() -> None:
    environment = {"FRONTOFFICE_SITE__SECRET_KEYS": '["0123456789abcdef0123456789abcdef"]'}
    assert load(EXAMPLE, environment).messages.sms == "console"


def keys(section: Any, above: str = "") -> Iterator[tuple[str, str, FieldInfo]]:
    """Every key that can be set, with its section."""
    for name, field in section.model_fields.items():
        own = () if get_origin(field.annotation) is tuple else get_args(field.annotation)
        deeper = [
            each
            for each in (field.annotation, *own)
            if isinstance(each, type) and hasattr(each, "model_fields")
        ]
        if deeper:
            yield from keys(deeper[0], f"{above}.{name}".strip("."))
        else:
            yield above, name, field


@pytest.mark.parametrize(
    ("section", "key", "field"), [pytest.param(*each, id=".".join(each[:2])) for each in keys(Config)]
)
def test_the_example_has_every_key_once_with_its_default(section: str, key: str, field: FieldInfo) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    parts = re.split(r"^(?:# )?\[([\w.]+)\]", text, flags=re.MULTILINE)
    [body] = [body for name, body in zip(parts[1::2], parts[2::2], strict=True) if name == section]
    found = re.findall(rf"^{key} = ([^#\n]*)", body, re.MULTILINE)
    if not found:  # what only some need stands there as a comment
        assert len(re.findall(rf"^# {key} = ", body, re.MULTILINE)) == 1
    elif not field.is_required():
        [written] = found
        default = field.get_default(call_default_factory=True)
        value = tomllib.loads(f"value = {written}")["value"]
        assert value == (list(default) if isinstance(default, tuple) else default)
