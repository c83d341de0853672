"""What the wheel carries besides Python: templates, catalogues, migrations, built assets and examples.

All of it lies in `frontoffice/`; the kiosk, whose code shares nothing with the office's, uses the same files.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = {
    "templates": "frontoffice/templates",
    "translations": "frontoffice/translations",
    "migrations": "frontoffice/migrations",
    "assets/built": "frontoffice/static",
    "config.example.toml": "frontoffice/config.example.toml",
    "office.example.toml": "frontoffice/office.example.toml",
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
        carried = {str(Path(self.root, source)): target for source, target in CARRIED.items()}
        build_data["force_include"].update(carried)
