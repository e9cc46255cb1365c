"""A demonstration stays one, and a real clinic stays one: who starts the program on the other's database is told."""

from __future__ import annotations

from sqlalchemy import Engine

from app.settings import Settings, StartError
from app.storage.engine import begin_write
from app.storage.kind import settle_kind


def require_kind(engine: Engine, settings: Settings) -> None:
    """Settle what kind of clinic a database is of, or raise `StartError` where it is the other kind.

    With FOREWORD_DEMO=1 anybody signs in with a button: that must never open what real patients sent.
    """
    with begin_write(engine) as connection:
        is_demonstration = settle_kind(connection, is_demonstration=settings.is_demo)
    if settings.is_demo and not is_demonstration:
        raise StartError(
            "FOREWORD_DEMO: this database is a real clinic's, and a demonstration lets anybody read it; "
            "unset FOREWORD_DEMO, or name another folder in FOREWORD_DATA"
        )
    if is_demonstration and not settings.is_demo:
        raise StartError(
            "FOREWORD_DEMO: this database is a demonstration's, with people and answers that are made up; "
            "set FOREWORD_DEMO=1, or name another folder in FOREWORD_DATA"
        )
