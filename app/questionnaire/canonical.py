"""A questionnaire as one canonical text: stored for ever, read back exactly, and named by its hash (design D-9).

Stored editions are read by this module for as long as the clinic lives. A field of `model.py` may be added, when its
default says what editions without it meant; it must never be renamed, retyped, or given another default.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Final, get_args, get_origin, get_type_hints

from app.questionnaire.model import LocalText, Questionnaire

_FORMAT: Final = 1

Plain = str | int | bool | dict[str, "Plain"] | list["Plain"] | None
_Decoder = Callable[[object], object]


def dump_canonical(questionnaire: Questionnaire) -> str:
    """Return the questionnaire as JSON, always the same for the same questionnaire, without fields at their default.

    >>> from app.questionnaire.model import Questionnaire
    >>> name = LocalText((("en", "A"),))
    >>> empty = Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=name,
    ...     purpose=name, disclaimer=name, article_title="", article=(), sources=(), items=())
    >>> dump_canonical(empty)[:60]
    '{"format":1,"questionnaire":{"article":[],"article_title":""'
    """
    whole = {"format": _FORMAT, "questionnaire": _encode(questionnaire)}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def load_canonical(text: str) -> Questionnaire:
    """Return the questionnaire of a text that `dump_canonical` made; raises ValueError for any other text.

    >>> load_canonical('{"format":2}')
    Traceback (most recent call last):
    ValueError: this is not the canonical text of a questionnaire
    """
    try:
        whole = json.loads(text)
        questionnaire = _find_decoder(Questionnaire)(whole["questionnaire"])
        is_known = set(whole) == {"format", "questionnaire"} and whole["format"] == _FORMAT
    except (ValueError, TypeError, LookupError, InvalidOperation, RecursionError):
        is_known, questionnaire = False, None
    if not is_known or not isinstance(questionnaire, Questionnaire):
        # Said without its cause: the text itself stays out of the error, and out of the log.
        raise ValueError("this is not the canonical text of a questionnaire")
    return questionnaire


def hash_canonical(text: str) -> str:
    """Return the SHA-256 of a canonical text in UTF-8, as 64 hexadecimal digits: the edition's name.

    >>> hash_canonical("")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(text.encode()).hexdigest()


def _encode(value: object) -> Plain:
    match value:
        case LocalText(translations=translations):
            return [[language, text] for language, text in translations]
        case Decimal():
            return {"decimal": str(value)}
        case tuple():
            return [_encode(part) for part in value]
        case None | bool() | int() | str():
            return value
        case _ if is_dataclass(value) and not isinstance(value, type):
            parts = ((field, getattr(value, field.name)) for field in fields(value))
            return {field.name: _encode(part) for field, part in parts if part != field.default}
        case _:
            raise TypeError


@cache
def _find_decoder(hint: object) -> _Decoder:
    """Return what makes a value of this annotation out of plain JSON; each raises for anything else."""
    special = {LocalText: _decode_text, Decimal: _decode_decimal}
    decoder: _Decoder
    if get_origin(hint) is tuple:
        decoder = _make_tuple_decoder(_find_decoder(get_args(hint)[0]))
    elif isinstance(hint, UnionType):
        # The members of every union in the model look different in JSON, so the look decides.
        decoder = _make_union_decoder({_find_plain(member): _find_decoder(member) for member in get_args(hint)})
    elif not isinstance(hint, type):
        raise TypeError
    elif is_dataclass(hint) and hint not in special:
        decoder = _make_class_decoder(hint)
    else:
        decoder = hint if issubclass(hint, StrEnum) else special.get(hint) or _make_same_decoder(hint)
    return decoder


def _find_plain(member: object) -> type:
    if member is LocalText:
        return list
    if isinstance(member, type) and (member is Decimal or is_dataclass(member)):
        return dict
    if not isinstance(member, type):
        raise TypeError
    return str if issubclass(member, str) else member


def _make_same_decoder(cls: type) -> _Decoder:
    def decode(value: object) -> object:
        if type(value) is not cls:
            raise TypeError
        return value

    return decode


def _make_union_decoder(decoders: dict[type, _Decoder]) -> _Decoder:
    return lambda value: decoders[type(value)](value)


def _make_tuple_decoder(decode_part: _Decoder) -> _Decoder:
    def decode(value: object) -> object:
        if not isinstance(value, list):
            raise TypeError
        return tuple([decode_part(part) for part in value])

    return decode


def _make_class_decoder(cls: type) -> _Decoder:
    def decode(value: object) -> object:
        if not isinstance(value, dict):
            raise TypeError
        decoders = _find_field_decoders(cls)
        return cls(**{name: decoders[name](part) for name, part in value.items()})

    return decode


@cache
def _find_field_decoders(cls: type) -> dict[str, _Decoder]:
    """Return the decoders of a class's fields; asked for only when decoding, because items hold items."""
    return {name: _find_decoder(hint) for name, hint in get_type_hints(cls).items()}


def _decode_text(value: object) -> LocalText:
    if not isinstance(value, list) or not value:
        raise TypeError
    if not all(isinstance(word, str) for pair in value for word in pair):
        raise TypeError
    return LocalText(tuple([(language, text) for language, text in value]))


def _decode_decimal(value: object) -> Decimal:
    if not isinstance(value, dict):
        raise TypeError
    number = Decimal(value["decimal"])
    if not number.is_finite():
        raise ValueError
    return number
