"""One process that draws for all tests of this folder, and the papers that many of them read."""

from collections.abc import Callable, Iterator

import pytest

from app.output.pdf import PdfRenderer
from tests.output import samples
from tests.output.paper import Paper

Draw = Callable[..., Paper]


@pytest.fixture(scope="session")
def renderer() -> Iterator[PdfRenderer]:
    """Yield a renderer with time enough for a busy machine."""
    drawing = PdfRenderer(timeout=120.0, longest_wait=120.0)
    yield drawing
    drawing.close()


@pytest.fixture(scope="session")
def draw(renderer: PdfRenderer) -> Draw:
    """Return a function from a summary to its paper."""
    return lambda summary, **how: Paper(renderer.render(summary, **how))


@pytest.fixture(scope="session")
def typical(draw: Draw) -> Paper:
    """Return the typical summary on A4."""
    return draw(samples.make_typical())


@pytest.fixture(scope="session")
def extreme(draw: Draw) -> Paper:
    """Return the summary with everything at its limit, on US Letter."""
    return draw(samples.make_extreme(), paper="us-letter")


@pytest.fixture(scope="session")
def many_scripts(draw: Draw) -> Paper:
    """Return the summary in many scripts, on A4."""
    return draw(samples.make_many_scripts())
