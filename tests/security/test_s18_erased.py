"""S18: what a purge erased is in no file any more, not in the journal, and not in a backup made later."""

import io
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from app.desk.backup import write_backup
from app.desk.retention import purge_all
from app.storage.engine import begin_read
from app.storage.tables import NOTES, RESPONSE_TOKENS, RESPONSE_VERSIONS
from app.vault.box import open_stream
from tests.desk.conftest import NOW, Clinic, clinic
from tests.storage.test_erasure import cut, search

__all__ = ["clinic"]
KEY = b"b" * 32


def read_sealed(clinic: Clinic) -> set[bytes]:
    """Return every sealed letter and every token in pieces."""
    pieces: set[bytes] = set()
    with begin_read(clinic.engine) as connection:
        for table in (RESPONSE_VERSIONS, NOTES):
            for sealed in connection.execute(select(table.c.sealed)).scalars():
                pieces |= cut(bytes(sealed))
        pieces |= {token.encode() for token in connection.execute(select(RESPONSE_TOKENS.c.token)).scalars()}
    return pieces


def back_up(clinic: Clinic) -> bytes:
    file = io.BytesIO()
    for _ in write_backup(clinic.engine, KEY, file, NOW):
        pass
    file.seek(0)
    return b"".join(open_stream(KEY, file.read))


def test_not_a_piece_of_what_was_purged_is_left(clinic: Clinic, tmp_path: Path) -> None:
    clinic.fill(30)
    pieces = read_sealed(clinic)
    assert search(tmp_path, pieces)
    with begin_read(clinic.engine) as connection:
        references = list(connection.execute(select(RESPONSE_VERSIONS.c.reference)).scalars())
    assert references[0].encode() in back_up(clinic)
    assert purge_all(clinic.engine, clinic.desk.chain_key, NOW + timedelta(days=999), actor="program") == 30
    assert search(tmp_path, pieces) == set()
    content = back_up(clinic)
    tables = content.split(b'{"table":')
    [versions] = [table for table in tables if table.startswith(b'"response_versions"')]
    assert versions.count(b'{"row":') == 0
    assert b"responses.purged" in content
