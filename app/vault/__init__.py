"""Secrets and sealing: what turns a patient's answers into bytes that only the patient, or the clinic, can open.

Pure functions: it never reads a clock, a file, a database or a setting, and never keeps or logs what passes through it.
"""

from app.vault.codes import (
    SECRET_LENGTH,
    ResumeCodeError,
    encode_secret,
    format_resume_code,
    hash_secret,
    make_secret,
    parse_resume_code,
)
from app.vault.seal import NONCE_LENGTH, SealError, bind_draft, derive_draft_key, open_draft, seal_draft

__all__ = [
    "NONCE_LENGTH",
    "SECRET_LENGTH",
    "ResumeCodeError",
    "SealError",
    "bind_draft",
    "derive_draft_key",
    "encode_secret",
    "format_resume_code",
    "hash_secret",
    "make_secret",
    "open_draft",
    "parse_resume_code",
    "seal_draft",
]
