"""axe-core in the page: every rule for WCAG 2.2 A, AA and AAA and its best practices, also those it leaves off."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Page

_TAGS = (
    "wcag2a",
    "wcag2aa",
    "wcag2aaa",
    "wcag21a",
    "wcag21aa",
    "wcag21aaa",
    "wcag22a",
    "wcag22aa",
    "wcag22aaa",
    "best-practice",
)
# Named rule by rule: told only the tags, axe leaves out each rule that is off by default, and all of AAA is.
_RUN = """async (tags) => {
    const rules = axe.getRules(tags).map((rule) => rule.ruleId);
    const result = await axe.run(document, {runOnly: {type: "rule", values: rules}, resultTypes: ["violations"]});
    return result.violations.flatMap(({id, help, nodes}) =>
        nodes.map(({target, html, failureSummary}) => ({id, help, target: target.join(" "), html, failureSummary})));
}"""


@dataclass(frozen=True, slots=True)
class Violation:
    """One place in a page that breaks one of axe-core's rules."""

    rule: str
    help: str
    target: str
    html: str
    why: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.help}\n  {self.target}: {self.html}\n  {self.why}"


class Violations(tuple[Violation, ...]):
    """All violations of one page, which a failing assertion prints in full: `assert not axe(page)`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(map(str, self))


RunAxe = Callable[[Page], Violations]


@cache
def _read_axe() -> str:
    # Found and not imported: only the script it carries is used.
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.fail("axe-core is not installed: make test installs it", pytrace=False)
    return (Path(found.origin).parent / "axe.min.js").read_text()


@pytest.fixture
def axe() -> RunAxe:
    """Give a function that returns what axe-core finds on a page as it stands."""

    def run(page: Page) -> Violations:
        # Evaluated, not added to the document: the page's content security policy would rightly stop a script tag.
        page.evaluate(f"() => {{ {_read_axe()} }}")
        found = page.evaluate(_RUN, list(_TAGS))
        return Violations(
            Violation(one["id"], one["help"], one["target"], one["html"], one["failureSummary"]) for one in found
        )

    return run
