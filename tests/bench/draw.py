"""A plot of how cost grows, as an SVG file that stands in a document: both axes by powers of ten, a line each."""

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 760, 380, 62, 34, 250, 44
_DASHES = ("", "7 4", "2 4", "10 3 2 3", "1 3", "14 4", "4 2", "6 6", "3 7")
_MARGIN = 14


def draw_growth(title: str, unit: str, sizes: Sequence[int], lines: Mapping[str, Sequence[float]]) -> str:
    """Return the SVG: `lines` are milliseconds, say, at each of the sizes; a title and a description are in it."""
    values = [value for line in lines.values() for value in line]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    span = max(high - low, 1)

    def across(size: int) -> float:
        first, last = math.log10(sizes[0]), math.log10(sizes[-1])
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (math.log10(size) - first) / ((last - first) or 1)

    def down(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - math.log10(value)) / span

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        '<g font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title><desc>{escape(_describe(unit, sizes, lines))}</desc>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(title)}</text>',
    ]
    for power in range(low, high + 1):
        y = down(10.0**power)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#ccc"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} {escape(unit)}</text>')
    parts += [f'<text x="{across(size):.1f}" y="{_HEIGHT - 22}" text-anchor="middle">{size:,}</text>' for size in sizes]
    names = _place_names({name: down(line[-1]) for name, line in lines.items()})
    for number, (name, line) in enumerate(lines.items()):
        points = " ".join(f"{across(size):.1f},{down(value):.1f}" for size, value in zip(sizes, line, strict=False))
        dash = f' stroke-dasharray="{_DASHES[number % len(_DASHES)]}"' if _DASHES[number % len(_DASHES)] else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="#1d4f57" stroke-width="2"{dash}/>')
        end = across(sizes[len(line) - 1])
        parts.append(
            f'<path d="M{end + 3:.1f} {down(line[-1]):.1f}L{_WIDTH - _RIGHT + 22} {names[name]:.1f}" stroke="#999"/>'
        )
        parts.append(f'<text x="{_WIDTH - _RIGHT + 26}" y="{names[name] + 4:.1f}">{escape(name)}</text>')
    return "\n".join((*parts, "</g></svg>", ""))


def _place_names(ends: Mapping[str, float]) -> dict[str, float]:
    """Return where each line's name stands: beside its end, and no two on one another."""
    placed: dict[str, float] = {}
    last = float("-inf")
    for name, y in sorted(ends.items(), key=lambda one: one[1]):
        last = max(y, last + _MARGIN + 2)
        placed[name] = last
    over = max(last - (_HEIGHT - _BOTTOM), 0)
    return {name: y - over for name, y in placed.items()}


def _describe(unit: str, sizes: Sequence[int], lines: Mapping[str, Sequence[float]]) -> str:
    said = (f"{name}: {', '.join(f'{value:.1f}' for value in line)} {unit}" for name, line in lines.items())
    return f"At {', '.join(f'{size:,}' for size in sizes)} responses. {'; '.join(said)}."
