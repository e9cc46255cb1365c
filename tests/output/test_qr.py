"""QR codes: the same squares on paper and on the page, and nothing in them but an address."""

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from itertools import pairwise

from app.output.qr import draw_qr_png, draw_qr_svg, list_runs
from tests.output.samples import ADDRESS

QUIET = 4


def read_squares() -> list[str]:
    rows = list_runs(ADDRESS)
    black = [{start + step for start, count in row for step in range(count)} for row in rows]
    return ["".join("1" if place in row else "0" for place in range(len(rows))) for row in black]


def test_a_code_is_a_square_with_its_three_finders() -> None:
    squares = read_squares()
    size = len(squares)
    assert size % 4 == 1
    assert all(len(row) == size for row in squares)
    finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    assert [row[:7] for row in squares[:7]] == finder
    assert [row[-7:] for row in squares[:7]] == finder
    assert [row[:7] for row in squares[-7:]] == finder


def test_runs_never_touch_so_that_each_is_drawn_once() -> None:
    for row in list_runs(ADDRESS):
        assert all(one[0] + one[1] < other[0] for one, other in pairwise(row))


def test_the_picture_has_the_same_squares_and_its_margin() -> None:
    data = draw_qr_png(ADDRESS, scale=1)
    width, height, depth = struct.unpack(">IIB", data[16:25])
    assert width == height == len(read_squares()) + 2 * QUIET
    assert depth == 1
    chunks = b"".join(data[found.end() : found.end() + size] for found, size in walk_pixels(data))
    rows = zlib.decompress(chunks)
    stride = 1 + -(-width // 8)
    lines = [rows[place * stride + 1 : (place + 1) * stride] for place in range(height)]
    drawn = ["".join(f"{byte:08b}" for byte in line)[:width] for line in lines]
    code = [row[QUIET:-QUIET] for row in drawn[QUIET:-QUIET]]
    is_inverted = code[0][0] == "0"  # the corner of a finder is black
    turned = str.maketrans("01", "10") if is_inverted else {}
    assert [row.translate(turned) for row in code] == read_squares()
    assert len({*drawn[:QUIET], *drawn[-QUIET:]}) == 1


def walk_pixels(data: bytes) -> list[tuple[re.Match[bytes], int]]:
    """Return each chunk of pixels of a PNG with its length."""
    return [
        (found, struct.unpack(">I", data[found.start() - 4 : found.start()])[0]) for found in re.finditer(b"IDAT", data)
    ]


def test_the_svg_stands_by_itself_and_asks_for_nothing() -> None:
    root = ET.fromstring(draw_qr_svg(ADDRESS))  # noqa: S314 - our own drawing
    size = len(read_squares()) + 2 * QUIET
    assert root.get("viewBox") == f"0 0 {size} {size}"
    assert {part.tag.partition("}")[2] for part in root.iter()} == {"svg", "path"}
    assert not [name for part in root.iter() for name in part.attrib if name in {"style", "href"} or name[:2] == "on"]
    assert ADDRESS.encode() not in draw_qr_svg(ADDRESS)
