"""Moments as staff read them: on the clinic's clock."""

from __future__ import annotations

from datetime import datetime

from app.output.frame import write_moment
from app.web.i18n import choose_language
from app.web.services import get_services


def say_moment(moment: datetime) -> str:
    """Return a moment by the clinic's clock."""
    return write_moment(get_services().localize(moment), choose_language())
