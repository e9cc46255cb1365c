"""A patient, as the storage sees one."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from app.storage.drafts import Draft, create_draft, erase_draft, find_draft, save_draft
from app.storage.engine import begin_read, begin_write
from app.storage.tables import DRAFTS
from app.vault import hash_secret, make_secret


class Patient:
    """Somebody with a secret, who does one thing per transaction, as the pages do."""

    def __init__(self, engine: Engine, edition_hash: str, now: datetime) -> None:
        self.engine = engine
        self.edition_hash = edition_hash
        self.now = now
        self.secret = make_secret()

    def start(self, content: bytes = b"{}") -> Draft:
        """Begin a draft with this content."""
        with begin_write(self.engine) as connection:
            return create_draft(
                connection, secret=self.secret, edition_hash=self.edition_hash, content=content, now=self.now
            )

    def find(self, after: timedelta = timedelta()) -> Draft | None:
        """Come back for the draft, this long after the beginning."""
        with begin_read(self.engine) as connection:
            return find_draft(connection, self.secret, self.now + after)

    def save(self, draft: Draft, content: bytes, after: timedelta = timedelta()) -> Draft:
        """Save a page over the draft as it was seen."""
        with begin_write(self.engine) as connection:
            return save_draft(connection, self.secret, draft, content, self.now + after)

    def erase(self) -> bool:
        """Erase the draft."""
        with begin_write(self.engine) as connection:
            return erase_draft(connection, self.secret)

    def read_sealed(self) -> bytes:
        """Return what the row holds, without opening it."""
        with begin_read(self.engine) as connection:
            found = connection.execute(select(DRAFTS.c.sealed).where(DRAFTS.c.secret_hash == hash_secret(self.secret)))
            return bytes(found.scalar_one())
