"""HTML drawn once, with gaps for what is each person's own: that is put in anew each time, escaped, and never kept.

A template draws the whole with marks where the gaps are, and another fills them, so that both escape as always. A mark
is a number that is drawn at each start and never leaves the process: no text that anybody writes holds it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final, cast

from app.web.edition import Drawn, Stencil

_EDGE: Final = secrets.token_hex(16)


def hold_open(name: str) -> str:
    """Return what a template is given in place of a value, to leave a gap of this name there."""
    return f"{_EDGE}{name}{_EDGE}"


def cut(drawn: Drawn) -> Stencil:
    """Return what was drawn as its pieces: at even places HTML, at odd places the names of the gaps between it."""
    # The split of HTML that a template drew is such HTML again.
    return tuple(cast("list[Drawn]", drawn.__html__().split(_EDGE)))


def list_pieces(stencil: Stencil, values: Mapping[str, object]) -> list[object]:
    """Return the pieces with values in the gaps, to be drawn one after the other by a template that escapes them."""
    return [values[str(piece)] if place % 2 else piece for place, piece in enumerate(stencil)]
