"""What the wheel carries besides Python: templates, catalogues, migrations and the built assets."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = {
    "templates": "frontoffice/templates",
    "office.example.toml": "frontoffice/office.example.toml",
    "translations": "frontoffice/translations",
    "migrations": "frontoffice/migrations",
    "assets/built": "frontoffice/static",
    "templates/kiosk": "kiosk/templates/kiosk",
    "translations/": "kiosk/translations",
    "assets/built/": "kiosk/static",
}


class Carry(BuildHookInterface):  # type: ignore[type-arg]
    """Adds them to a wheel; in a checkout they are found where they are."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's)
        """Called by hatchling before it builds."""
        if self.target_name != "wheel":
            return
        if not Path(self.root, "assets/built/css").is_dir():
            raise RuntimeError("assets/built is empty: run `make build` before building a wheel")
        build_data["force_include"].update(
            {
                str(Path(self.root, source)) + "/" * source.endswith("/"): target
                for source, target in CARRIED.items()
            }
        )
