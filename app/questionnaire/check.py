"""Everything that can be wrong with a questionnaire file: all rules run, all faults told at once.

Each rule lives in a module of its own; `finding.py` names them. It must never stop at the first fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.questionnaire.definition import Definition
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.errors import Fault
from app.questionnaire.examples import find_example_faults
from app.questionnaire.explore import Explorer
from app.questionnaire.fault_list import MAX_FAULTS
from app.questionnaire.finding import OVERRULABLE, RULES, Finding, Rule, build_fault
from app.questionnaire.grounds import find_groundless, find_lost_facts
from app.questionnaire.load import load_partly
from app.questionnaire.passage import list_passages
from app.questionnaire.proof import find_confusions, find_lost
from app.questionnaire.reach import find_dead_ends, find_unreachable
from app.questionnaire.wording import find_wording

_APART: Final = ("examples/", "sources/", "article/")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was checked: its definition, or None where it could not be read whole, and every fault."""

    definition: Definition | None
    faults: tuple[Fault, ...]


def check_file(data: bytes, file: str, today: date) -> Checked:
    """Return a file's definition with every fault; where it cannot be read whole, the rules run on what can be trusted.

    >>> [fault.item for fault in check_file(b"resourceType: Questionaire", "q.yaml", date(2026, 1, 1)).faults][-1]
    'questionnaire'
    """
    definition, faults = load_partly(data, file)
    if definition is None:
        return Checked(None, faults)
    if not faults:
        return Checked(definition, check_definition(definition, today))
    if len(faults) < MAX_FAULTS:
        told = (build_fault(definition, finding) for finding in _find_trusted(definition, faults))
        faults = tuple(sorted({*faults, *told}))
    return Checked(None, faults)


def check_definition(definition: Definition, today: date) -> tuple[Fault, ...]:
    """Return every fault of a questionnaire that was read, in the order of the file; relative dates count from today.

    >>> from app.questionnaire.model import LocalText, Questionnaire
    >>> text = LocalText((("en", "Before your visit"),))
    >>> empty = Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=())
    >>> file = Definition(file="q.yaml", questionnaire=empty, examples=(), overrules=(), places={})
    >>> [fault.fault for fault in check_definition(file, date(2026, 1, 1))]
    ['nobody is ever asked anything (dead-end)']
    """
    findings = tuple(_find_all(definition, today))
    kept = [*_drop_overruled(definition, findings), *_find_idle_overrules(definition, findings)]
    return tuple(sorted({build_fault(definition, finding) for finding in kept}))


def _find_trusted(definition: Definition, faults: tuple[Fault, ...]) -> Iterator[Finding]:
    """Yield what holds whatever the faults in reading hide: all about words, the rest where no fault is behind it."""
    wording = tuple(find_wording(list_passages(definition.questionnaire)))
    yield from _drop_overruled(definition, wording)
    yield from _find_idle_overrules(definition, wording)
    edition = build_edition(definition.questionnaire, "")
    faulty = {fault.item for fault in faults}
    known = {item.link_id for page in edition.pages for item in page.items}
    known |= {name for page in edition.pages for name in (page.link_id, page.section)}
    if any(name not in known and not name.startswith(_APART) for name in faulty):
        return  # answers that several questions share, or the file's own shape
    explorer = Explorer(edition)
    doubted = _list_doubted(edition, explorer, faulty)
    for rule in (find_unreachable(edition, explorer), find_confusions(edition), find_groundless(edition, explorer)):
        yield from (finding for finding in rule if finding.link_id and finding.link_id not in doubted)


def _list_doubted(edition: Edition, explorer: Explorer, faulty: set[str]) -> set[str]:
    """Return every name that a faulty item stands behind: its page and section, and what hangs on it."""
    doubted = set(faulty)
    for page in edition.pages:
        around = {page.link_id, page.section}
        for item in page.items:
            behind = {item.link_id, *explorer.list_questions(explorer.find_asked(item.link_id))}
            if around & faulty or any({name, *_name_holders(edition, name)} & faulty for name in behind):
                doubted |= {item.link_id, *around}
    return doubted


def _name_holders(edition: Edition, link_id: str) -> tuple[str, ...]:
    page = edition.page_of.get(link_id)
    return (page.link_id, page.section) if page else ()


def _find_all(definition: Definition, today: date) -> Iterator[Finding]:
    edition = build_edition(definition.questionnaire, "")
    explorer = Explorer(edition)
    yield from find_unreachable(edition, explorer)
    yield from find_dead_ends(edition)
    yield from find_confusions(edition)
    yield from find_lost(edition, explorer)
    yield from find_groundless(edition, explorer)
    yield from find_lost_facts(edition, explorer)
    yield from find_wording(list_passages(definition.questionnaire))
    yield from find_example_faults(edition, definition.examples, today)


def _drop_overruled(definition: Definition, findings: Iterable[Finding]) -> Iterator[Finding]:
    overruled = {(overrule.link_id, overrule.rule) for overrule in definition.overrules}
    for finding in findings:
        if finding.rule not in OVERRULABLE or (finding.link_id, finding.rule) not in overruled:
            yield finding


def _find_idle_overrules(definition: Definition, findings: Iterable[Finding]) -> Iterator[Finding]:
    found = {(finding.link_id, str(finding.rule)) for finding in findings}
    for overrule in definition.overrules:
        fault = _explain_idle(overrule.rule, is_found=(overrule.link_id, overrule.rule) in found)
        if fault:
            yield Finding(rule=Rule.OVERRULE, link_id=overrule.link_id, fault=fault, remedy="take the overrule away")


def _explain_idle(rule: str, *, is_found: bool) -> str:
    if rule not in RULES:
        return f'it overrules "{rule}", which is no rule'
    if rule not in OVERRULABLE:
        return f"it overrules {rule}, which cannot be overruled"
    return "" if is_found else f"it overrules {rule}, which finds nothing here"
