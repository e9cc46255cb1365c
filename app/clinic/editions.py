"""Editions as they were stored, for whatever renders a response in its own edition for ever (design D-9)."""

from __future__ import annotations

from sqlalchemy import Engine

from app.logs import record_failure
from app.questionnaire.canonical import load_canonical
from app.questionnaire.edition import Edition, build_edition
from app.storage.editions import find_edition
from app.storage.engine import begin_read
from app.storage.trouble import PASSING


class EditionShelf:
    """Finds editions by their hash and remembers them, also that one cannot be read: they never change."""

    def __init__(self, engine: Engine) -> None:
        """Read nothing yet."""
        self._engine = engine
        self._known: dict[str, Edition | None] = {}

    def find(self, edition_hash: str) -> Edition | None:
        """Return an edition, or None where there is none with this hash, or none that this program can read."""
        if edition_hash not in self._known:
            with begin_read(self._engine) as connection:
                stored = find_edition(connection, edition_hash)
            if stored is None:
                return None
            self._known[edition_hash] = _read(stored.canonical, edition_hash)
        return self._known[edition_hash]


def _read(canonical: str, edition_hash: str) -> Edition | None:
    try:
        return build_edition(load_canonical(canonical), edition_hash)
    except PASSING:
        raise  # the machine failed, not this edition: it is read again at the next call
    except Exception as error:  # noqa: BLE001  whatever a newer program or somebody else wrote there is one edition only
        record_failure(error, "edition not read", edition=edition_hash)
        return None
