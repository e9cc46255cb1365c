"""QR codes: an address as black and white squares, for paper as data and for pages as a picture of its own.

An address in a code can be read by anyone who sees the paper: it must never hold more than where the staff page is.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import segno

_LEVEL = "m"  # 15 % of a creased or blotted code can be lost
_QUIET = 4  # the margin that ISO/IEC 18004 asks for, in modules


def list_runs(address: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return, for each row of the code, where each run of black squares begins and how many they are; no margin.

    >>> rows = list_runs("https://clinic.example/clinic/responses/K7QM-4TXA")
    >>> len(rows), rows[0][0]
    (33, (0, 7))
    """
    rows = []
    for row in _make(address).matrix:
        runs: list[tuple[int, int]] = []
        for place, is_black in enumerate(row):
            if not is_black:
                continue
            if runs and sum(runs[-1]) == place:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((place, 1))
        rows.append(tuple(runs))
    return tuple(rows)


def draw_qr_svg(address: str) -> bytes:
    """Return the code as an SVG document of its own, black on white in any theme, with its margin; it scales.

    >>> draw_qr_svg("https://clinic.example/")[:5]
    b'<?xml'
    """
    picture = io.BytesIO()
    _make(address).save(picture, kind="svg", border=_QUIET, dark="#000", light="#fff", omitsize=True, svgclass=None)
    return picture.getvalue()


def draw_qr_png(address: str, *, scale: int = 8) -> bytes:
    """Return the code as a PNG, each square `scale` pixels wide, with its margin.

    >>> draw_qr_png("https://clinic.example/")[1:4]
    b'PNG'
    """
    picture = io.BytesIO()
    _make(address).save(picture, kind="png", border=_QUIET, scale=scale, dark="#000", light="#fff")
    return picture.getvalue()


def _make(address: str) -> segno.QRCode:
    import segno  # noqa: PLC0415  a start should not wait for it: the first code comes when somebody has sent

    return segno.make(address, error=_LEVEL, micro=False, boost_error=False)
