"""Somebody who sends, as the storage sees them: a receipt, and something sealed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from app.storage.engine import begin_write
from app.storage.responses import Sending, StoredResponse, receive_response
from app.vault import make_secret
from app.vault.codes import hash_receipt


@dataclass
class Sender:
    """One draft's owner, who sends in one transaction each time, as the pages do."""

    engine: Engine
    edition_hash: str
    now: datetime
    receipt: str = field(default_factory=lambda: hash_receipt(make_secret()))

    def build(self, version: int = 1, content: str = "sealed", days: int = 30) -> Sending:
        """Return what is to be stored; what is sealed says where it belongs."""
        return Sending(
            receipt_hash=self.receipt,
            version=version,
            edition_hash=self.edition_hash,
            language="en",
            delete_at=self.now + timedelta(days=days),
            seal=lambda row_id, reference: f"{content} {row_id} {reference}".encode(),
        )

    def send(self, version: int = 1, content: str = "sealed", days: int = 30) -> tuple[StoredResponse, bool]:
        """Send a version."""
        with begin_write(self.engine) as connection:
            return receive_response(connection, self.build(version, content, days), self.now)
