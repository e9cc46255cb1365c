"""What a setting is called on the staff pages."""

from typing import Final

from app.clinic.profile import ClinicSettings
from app.web.i18n import translate

RECEIVING_NAME: Final = "is_receiving"
_NAMES: Final = {
    "name": "clinic’s name",
    "contact": "how patients reach the clinic",
    "time_zone": "time zone",
    "countries": "countries and help lines",
    "emergency": "emergency number",
    "reading_days": "usual reading time",
    "retention_days": "days until a form is deleted",
    "protocol_owner": "protocol owner",
    "privacy": "paragraph in the privacy notice",
    "marked": "answers marked in the list",
    "notice_to": "addresses for the daily notice",
    "is_print_only_for_minors": "patients under 18",
    "has_part_2": "42 CFR Part 2",
    RECEIVING_NAME: "receive answers from patients",
    "pause_note": "sentence for patients while none are received",
}


def name_setting(name: str) -> str:
    """Return a setting's name in words."""
    return translate(_NAMES.get(name, name))


def say_change(name: str, settings: ClinicSettings) -> str:
    """Return a setting's name in words; where answers are received or not since then, also which of the two."""
    if name != RECEIVING_NAME:
        return name_setting(name)
    return f"{name_setting(name)}: {translate('yes') if settings.is_receiving else translate('not at the moment')}"
