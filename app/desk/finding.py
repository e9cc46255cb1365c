"""What the doctor found: place, thing, fault and remedy, and never a word about a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    place: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        """Return it as one line.

        >>> print(Finding("FOREWORD_DEMO", "this is a demonstration", "set it to 0"))
        FOREWORD_DEMO: this is a demonstration; set it to 0
        """
        return f"{self.place}: {self.fault}; {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the doctor looks at; `is_online` when other machines may be asked too, `is_quick` when somebody waits."""

    settings: Settings
    engine: Engine = field(repr=False)
    now: datetime
    is_online: bool = False
    is_quick: bool = False
