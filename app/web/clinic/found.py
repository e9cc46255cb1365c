"""What the doctor found as a page tells it: moments by the clinic's clock, and pages as links by their names.

The same sentences stand in a terminal, where the clock is UTC's and a page is an address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.desk.finding import Finding
from app.web.clinic.words import write_moment
from app.web.i18n import translate
from app.web.services import get_services

MINUTES: Final = "%Y-%m-%d %H:%M"
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC")
_PAGES: Final = {"/clinic/people": "People", "/clinic/setup": "Settings", "/clinic/settings": "Settings"}
_ADDRESS: Final = re.compile(f"({'|'.join(map(re.escape, _PAGES))})")


@dataclass(frozen=True, slots=True)
class Part:
    """Some words, and where they lead to where they are a link."""

    text: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding, its remedy in parts."""

    place: str
    fault: str
    remedy: tuple[Part, ...]


def view_finding(finding: Finding) -> Found:
    """Return a finding as a page tells it."""
    parts = _ADDRESS.split(tell_by_clock(finding.remedy))
    return Found(
        place=finding.place,
        fault=tell_by_clock(finding.fault),
        remedy=tuple(Part(translate(_PAGES[text]), text) if text in _PAGES else Part(text) for text in parts if text),
    )


def tell_by_clock(text: str) -> str:
    """Return the text with each moment that it gives in UTC by the clinic's clock."""
    return _MOMENT.sub(_localize, text)


def name_clock() -> str:
    """Return the name of the clinic's clock."""
    clinic = get_services().clinic
    return clinic.time_zone if clinic else "UTC"


def _localize(match: re.Match[str]) -> str:
    moment = datetime.strptime(match[1], MINUTES).replace(tzinfo=UTC)
    return write_moment(moment)
