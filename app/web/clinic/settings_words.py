"""What a setting is called on the staff pages."""

from typing import Final

from app.web.i18n import translate

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
}


def name_setting(name: str) -> str:
    """Return a setting's name in words."""
    return translate(_NAMES.get(name, name))
