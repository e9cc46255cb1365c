"""What a character that draws nothing, or that reorders its neighbours, looks like on paper.

Control characters and explicit bidirectional controls are shown as `[U+202E]` where they were typed: nothing the
patient typed is dropped (design D-1), and none of it can make the words around it read otherwise. The marks that
ordinary spelling needs (joiners, left-to-right and right-to-left marks, variation selectors) stay as they are.
It must never drop, reword or reorder a character.
"""

from __future__ import annotations

import unicodedata

_BIDI_CONTROLS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN = {
    code: f"[U+{code:04X}]"
    for code in (*range(0x20), *range(0x7F, 0xA0), *_BIDI_CONTROLS, *range(0xD800, 0xE000), 0xFEFF, 0xFFFE, 0xFFFF)
}
_LINE_ENDS = dict.fromkeys((0x85, 0x2028, 0x2029), "\n")
_TABLE = _SHOWN | _LINE_ENDS | {0x09: "    ", 0x0A: "\n"}


def show_hidden(text: str) -> str:
    r"""Return the text with what would be invisible or disorderly shown, line ends as `\n` and tabs as four spaces.

    >>> show_hidden("a\u202eb\x07\r\nc")
    'a[U+202E]b[U+0007]\nc'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_TABLE)


def is_right_to_left(text: str, *, default: bool = False) -> bool:
    """Tell the direction of a text by its first strong character, as HTML's `dir=auto` does (Unicode UAX #9, P2-P3).

    >>> is_right_to_left("1. مرحبا"), is_right_to_left("Hello مرحبا"), is_right_to_left("12", default=True)
    (True, False, True)
    """
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"R", "AL"}:
            return True
        if kind == "L":
            return False
    return default


def has_right_to_left(text: str) -> bool:
    """Tell whether any character belongs to a right-to-left script, so that the run has to be isolated.

    >>> has_right_to_left("Hello مرحبا"), has_right_to_left("日本語")
    (True, False)
    """
    return not text.isascii() and any(unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in text)
