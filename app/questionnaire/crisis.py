"""Crisis and emergency contacts by country: data with its source and the day it was last checked.

Shown and printed the same for everyone (W-13). It must never guess a country.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisLine:
    """One line to call or write to; fields a line does not have are empty."""

    name: str
    tel: str = ""
    sms: str = ""
    sms_keyword: str = ""
    url: str = ""
    hours: str = ""
    languages: str = ""
    source_url: str = ""
    mark: str = ""
    checked_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisSet:
    """A country's contacts: the emergency number and the lines, in the order they are shown."""

    country: str
    country_name: str
    emergency_label: str
    emergency_tel: str
    contacts: tuple[CrisisLine, ...]
