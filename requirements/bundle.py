"""What a wheel carries beside the Python: the folders and files that stand next to `app/` in the repository.

In a wheel they stand under `app/_bundle`, where the program looks first. An editable install uses the repository's own.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilderConfig

RESOURCES = ("templates", "static", "questions.yaml", "crisis.yaml")


class BundleHook(BuildHookInterface[WheelBuilderConfig]):
    """Adds the resources to a wheel that is built to be handed on; one that is missing stops the build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name each resource and its place in the wheel."""
        if version == "standard":
            build_data["force_include"].update({name: f"app/_bundle/{name}" for name in RESOURCES})
