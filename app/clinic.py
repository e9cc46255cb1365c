"""The clinic that gives the form out. Until one is set up there is none; the demonstration has its own.

It must never hold a patient's or a staff member's data.
"""

from __future__ import annotations

from app.output.frame import Clinic
from app.questionnaire.crisis import load_crisis
from app.settings import Settings, find_resource

_DEMONSTRATION_COUNTRY = "US"


def find_clinic(settings: Settings) -> Clinic | None:
    """Return the clinic, or None while patients must see *not open yet*; raises DefinitionError for bad contacts."""
    if not settings.is_demo:
        return None
    path = find_resource("crisis.yaml")
    sets = load_crisis(path.read_bytes(), path.name)
    crisis = next(entry for entry in sets if entry.country == _DEMONSTRATION_COUNTRY)
    return Clinic(
        name="Demonstration clinic",
        contact="There is nobody to ask: this clinic is a demonstration.",
        time_zone="America/Chicago",
        crisis=crisis,
        is_demonstration=True,
    )
