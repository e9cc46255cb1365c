"""Drafts: a patient's answers before they are sent, sealed so that only the patient's secret opens them (D-6).

Content is opaque bytes, sealed on the way in and opened on the way out; neither it nor a secret may be logged or kept.
"""

import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.storage.draft_ends import add_draft_ends
from app.storage.tables import DRAFTS
from app.vault import NONCE_LENGTH, bind_draft, derive_draft_key, hash_secret, open_draft, seal_draft

DRAFT_LIFE: Final = timedelta(hours=24)
"""How long a draft lives after its last page (D-4): so long that no page needs a time-out warning."""

PURGE_BATCH: Final = 200
"""How many drafts are purged at once: few enough that a patient who saves a page does not wait."""

_ROW_ID_BYTES: Final = 16


class StaleDraftError(Exception):
    """A draft was saved, erased or purged since it was found: find it again to see which."""

    def __init__(self) -> None:
        super().__init__("the draft was changed or erased by another page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft, opened; `revision` counts its saves."""

    id: str
    edition_hash: str
    revision: int
    content: bytes = field(repr=False)  # an answer in a repr is an answer in a log
    created_at: datetime
    saved_at: datetime
    expires_at: datetime


# Built once: SQLAlchemy then finds the compiled statement by the object, instead of walking it at every request.
_INSERT: Final = insert(DRAFTS)
_FIND: Final = select(
    DRAFTS.c.id,
    DRAFTS.c.edition_hash,
    DRAFTS.c.revision,
    DRAFTS.c.sealed,
    DRAFTS.c.created_at,
    DRAFTS.c.saved_at,
    DRAFTS.c.expires_at,
).where(DRAFTS.c.secret_hash == bindparam("key"), DRAFTS.c.expires_at > bindparam("now"))
_SAVE: Final = (
    update(DRAFTS)
    .where(DRAFTS.c.secret_hash == bindparam("key"), DRAFTS.c.revision == bindparam("seen"))
    .values({name: bindparam(name) for name in ("revision", "sealed", "saved_at", "expires_at", "reached")})
)
_ERASE: Final = delete(DRAFTS).where(DRAFTS.c.secret_hash == bindparam("key"))
_IS_OVER: Final = DRAFTS.c.expires_at <= bindparam("now")
_SOME_OVER: Final = select(DRAFTS.c.id).where(_IS_OVER).order_by(DRAFTS.c.expires_at).limit(bindparam("limit"))
_PURGE: Final = (
    delete(DRAFTS)
    .where(DRAFTS.c.id.in_(_SOME_OVER), _IS_OVER)  # said twice: one that is saved at this moment lives on
    .returning(DRAFTS.c.edition_hash.label("edition_hash"), DRAFTS.c.reached.label("reached"))
)


def create_draft(
    connection: Connection,
    *,
    secret: bytes,
    edition_hash: str,
    content: bytes,
    now: datetime,
    reached: int | None = None,
    row_id: str | None = None,
    nonce: bytes | None = None,
) -> Draft:
    """Store a new draft and return it; `row_id` and `nonce` are random unless a test names them.

    `reached` is the number of a page that everybody sees, for `draft_ends`; it stands in the open.
    """
    draft = Draft(
        id=row_id or secrets.token_hex(_ROW_ID_BYTES),
        edition_hash=edition_hash,
        revision=0,
        content=content,
        created_at=now,
        saved_at=now,
        expires_at=now + DRAFT_LIFE,
    )
    values = {
        "id": draft.id,
        "secret_hash": hash_secret(secret),
        "edition_hash": draft.edition_hash,
        "revision": draft.revision,
        "sealed": _seal(secret, draft, nonce),
        "created_at": draft.created_at,
        "saved_at": draft.saved_at,
        "expires_at": draft.expires_at,
        "reached": reached,
    }
    connection.execute(_INSERT, values)
    return draft


def find_draft(connection: Connection, secret: bytes, now: datetime) -> Draft | None:
    """Return the living draft this secret opens, None if there is none, or raise `SealError` if it was changed."""
    row = connection.execute(_FIND, {"key": hash_secret(secret), "now": now}).one_or_none()
    if row is None:
        return None
    associated = bind_draft(row.id, row.edition_hash, row.revision)
    return Draft(
        id=row.id,
        edition_hash=row.edition_hash,
        revision=row.revision,
        content=open_draft(derive_draft_key(secret, row.id), row.sealed, associated=associated),
        created_at=row.created_at,
        saved_at=row.saved_at,
        expires_at=row.expires_at,
    )


def save_draft(
    connection: Connection,
    secret: bytes,
    draft: Draft,
    content: bytes,
    now: datetime,
    *,
    reached: int | None = None,
    nonce: bytes | None = None,
) -> Draft:
    """Replace the content of a draft as it was found and return it anew, or raise `StaleDraftError` if it moved on."""
    saved = replace(draft, revision=draft.revision + 1, content=content, saved_at=now, expires_at=now + DRAFT_LIFE)
    values = {
        "key": hash_secret(secret),
        "seen": draft.revision,
        "revision": saved.revision,
        "sealed": _seal(secret, saved, nonce),
        "saved_at": saved.saved_at,
        "expires_at": saved.expires_at,
        "reached": reached,
    }
    if connection.execute(_SAVE, values).rowcount != 1:
        raise StaleDraftError
    return saved


def erase_draft(connection: Connection, secret: bytes) -> bool:
    """Delete the draft this secret opens and tell whether there was one.

    After the commit, `checkpoint` removes its traces.
    """
    return connection.execute(_ERASE, {"key": hash_secret(secret)}).rowcount == 1


def purge_expired(connection: Connection, now: datetime, limit: int = PURGE_BATCH) -> int:
    """Delete so many drafts whose life is over, add where each ended to `draft_ends`, and return how many.

    Fewer than the limit means that none is left, or that another process is at it. After the commit, `checkpoint`
    removes their traces.
    """
    # Counted is what this very statement deleted: of several processes that purge at once, each draft is one's.
    purged = connection.execute(_PURGE, {"now": now, "limit": limit}).all()
    ended: dict[str, Counter[int]] = {}
    for row in purged:
        if row.reached is not None:
            ended.setdefault(row.edition_hash, Counter())[row.reached] += 1
    for edition_hash in sorted(ended):
        add_draft_ends(connection, edition_hash, ended[edition_hash])
    return len(purged)


def _seal(secret: bytes, draft: Draft, nonce: bytes | None) -> bytes:
    return seal_draft(
        derive_draft_key(secret, draft.id),
        draft.content,
        associated=bind_draft(draft.id, draft.edition_hash, draft.revision),
        nonce=nonce or secrets.token_bytes(NONCE_LENGTH),
    )
