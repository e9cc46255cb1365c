"""What conditions and limits make impossible: questions that are never asked, pages with nothing to answer, dead ends.

Everything said here is proved over all answers (`explore.py`), with the conditions that are to blame. It must never
look at what a question says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.questionnaire.answer import Answer, Coded, Number
from app.questionnaire.edition import Edition, Page
from app.questionnaire.explore import (
    BOUND,
    EntangledError,
    Every,
    Explorer,
    Formula,
    Found,
    Not,
    Some,
    build_condition,
    list_conditions,
)
from app.questionnaire.finding import Finding, Rule
from app.questionnaire.model import EnableBehavior, EnableWhen, Item, ItemType, Operator, PageKind

_MOST_NAMED = 4


def find_unreachable(edition: Edition, explorer: Explorer) -> Iterator[Finding]:
    """Yield what no answers lead to, conditions that never hold, and pages that can stand empty.

    >>> from app.questionnaire.edition import build_edition
    >>> from app.questionnaire.model import LocalText, Questionnaire
    >>> text = LocalText((("en", ""),))
    >>> nothing = build_edition(Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=()), "00")
    >>> [finding.fault for finding in find_unreachable(nothing, Explorer(nothing))]
    ['nobody is ever asked anything']
    """
    for page in edition.pages:
        try:
            yield from _check_page(page, explorer)
        except EntangledError as error:
            yield _tell_entangled(page.link_id, error)
    if not any(_is_possible(explorer.find_asked(item.link_id), explorer) for item in _walk_questions(edition)):
        fault, remedy = "nobody is ever asked anything", "begin with a question that has no conditions"
        yield Finding(rule=Rule.DEAD_END, link_id="", fault=fault, remedy=remedy)


def _walk_questions(edition: Edition) -> Iterator[Item]:
    return (item for page in edition.pages for item in page.questions)


def _is_possible(formula: Formula, explorer: Explorer) -> bool:
    try:
        return explorer.find_answers(formula) is not None
    except EntangledError:
        return True  # told where its page is checked; here it is not to blame


def _check_page(page: Page, explorer: Explorer) -> Iterator[Finding]:
    outer: tuple[Item, ...] = ()
    for holder in page.conditions:
        yield from _check_conditions(outer, holder, explorer)
        outer = (*outer, holder)
        if explorer.find_answers(_join(outer)) is None:
            return
    for item in page.items:
        try:
            yield from _check_conditions(outer, item, explorer)
        except EntangledError as error:
            yield _tell_entangled(item.link_id, error)
    yield from _check_emptiness(page, outer, explorer)


def _join(items: Sequence[Item]) -> Every:
    return Every(tuple(build_condition(item) for item in items))


def _check_conditions(outer: tuple[Item, ...], item: Item, explorer: Explorer) -> Iterator[Finding]:
    """Check one item's own conditions; those of its section and page (`outer`) can hold."""
    if not item.enable_when:
        return
    if explorer.find_answers(_join((*outer, item))) is None:
        yield _tell_unreachable(outer, item, explorer)
    elif item.enable_behavior is EnableBehavior.ANY:
        for condition in item.enable_when:
            if explorer.find_answers(Every((_join(outer), condition))) is None:
                fault = f'its condition "{describe_formula(condition)}" never holds, whatever is answered'
                remedy = "change it or take it away"
                yield Finding(rule=Rule.CONTRADICTION, link_id=item.link_id, fault=fault, remedy=remedy)


def _tell_unreachable(outer: tuple[Item, ...], item: Item, explorer: Explorer) -> Finding:
    is_own_fault = explorer.find_answers(_join((item,))) is None
    parts = [part for holder in ((item,) if is_own_fault else (*outer, item)) for part in _split(holder)]
    clash = _find_clash(parts, explorer)
    unasked = _find_unasked(clash, explorer)
    if unasked:
        reason = f"it needs an answer to {unasked}, which can never be asked itself"
    elif len(clash) > 1:
        reason = f"{_list_quoted(clash)} exclude each other{_explain_parents(clash, explorer)}"
    else:
        reason = f'no answers make "{describe_formula(clash[0])}" true'
    rule = Rule.CONTRADICTION if is_own_fault and not unasked else Rule.UNREACHABLE
    fault = f"can never be {'asked' if item.is_question else 'shown'}: {reason}"
    remedy = f"mend {unasked} first" if unasked else "change these conditions or take them away"
    return Finding(rule=rule, link_id=item.link_id, fault=fault, remedy=remedy)


def _split(item: Item) -> tuple[Formula, ...]:
    return (build_condition(item),) if item.enable_behavior is EnableBehavior.ANY else item.enable_when


def _find_clash(parts: Sequence[Formula], explorer: Explorer) -> list[Formula]:
    """Return parts that cannot all hold, and of which none could be left out."""
    kept = list(parts)
    for place in reversed(range(len(kept))):
        rest = kept[:place] + kept[place + 1 :]
        if rest and explorer.find_answers(Every(tuple(rest))) is None:
            kept = rest
    return kept


def _find_unasked(clash: Sequence[Formula], explorer: Explorer) -> str | None:
    questions = {condition.question: None for part in clash for condition in list_conditions(part)}
    unasked = [name for name in questions if explorer.find_answers(explorer.find_asked(name)) is None]
    return unasked[0] if len(clash) == 1 and len(unasked) == len(questions) else None


def _explain_parents(clash: Sequence[Formula], explorer: Explorer) -> str:
    named = {condition.question: None for part in clash for condition in list_conditions(part)}
    parents = [
        f"{name} is asked only when {describe_formula(asked)}"
        for name in named
        if list(list_conditions(asked := explorer.find_asked(name)))
    ]
    return f", as {' and '.join(parents)}" if parents and len(named) > 1 else ""


def _list_quoted(parts: Sequence[Formula]) -> str:
    quoted = [f'"{describe_formula(part)}"' for part in parts]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _check_emptiness(page: Page, outer: tuple[Item, ...], explorer: Explorer) -> Iterator[Finding]:
    if page.kind is not PageKind.QUESTIONS:
        return
    shown = Some(tuple(build_condition(item) for item in page.items if not item.is_question))
    asked = Some(tuple(build_condition(item) for item in page.questions))
    found = explorer.find_answers(Every((_join(outer), shown, Not(asked))))
    if found is not None:
        fault = f"can be shown with no question on it, {_describe_answers(found)}"
        remedy = "ask something on it under the same conditions, or move its sentences to another page"
        yield Finding(rule=Rule.EMPTY_PAGE, link_id=page.link_id, fault=fault, remedy=remedy)


def _tell_entangled(link_id: str, error: EntangledError) -> Finding:
    fault = (
        f"too entangled to prove: its conditions hang on {len(error.questions)} questions "
        f"({', '.join(error.questions[:_MOST_NAMED])}, ...), with more than {BOUND:,} combinations of answers"
    )
    return Finding(rule=Rule.ENTANGLED, link_id=link_id, fault=fault, remedy="split it, or ask on fewer conditions")


def find_dead_ends(edition: Edition) -> Iterator[Finding]:
    """Yield limits that every answer breaks; what loading refuses (no answer at all, an empty range) is not here."""
    for item in edition.questions:
        is_choice = item.repeats and item.type is ItemType.CHOICE
        if is_choice and all(option.is_exclusive for option in item.answer_options):
            fault = "several answers may be chosen, but every one of them is exclusive"
            remedy = "take `repeats` away, or `exclusive` from the answers that go together"
            yield Finding(rule=Rule.DEAD_END, link_id=item.link_id, fault=fault, remedy=remedy)
        other = edition.items.get(item.expected.greater_than or "") if item.expected else None
        highest, lowest = item.max_value, other.min_value if other else None
        if other and highest is not None and lowest is not None and highest <= lowest:
            fault = f"no number up to its maxValue {highest} is greater than {other.link_id}, which begins at {lowest}"
            remedy = "widen the limits, or take `greaterThan` away"
            yield Finding(rule=Rule.DEAD_END, link_id=item.link_id, fault=fault, remedy=remedy)


def describe_formula(formula: Formula) -> str:
    """Return conditions in the file's own words.

    >>> describe_formula(EnableWhen(question="smoker", operator=Operator.EQUALS, answer="yes"))
    'smoker = yes'
    """
    match formula:
        case EnableWhen(question=question, operator=Operator.EXISTS, answer=answer):
            return f"{question} is {'answered' if answer else 'not answered'}"
        case EnableWhen(question=question, operator=operator, answer=answer):
            return f"{question} {operator} {answer}"
        case Not(part):
            return f"not ({describe_formula(part)})"
        case Every(parts):
            texts = [_bracket(part) for part in parts if not isinstance(part, Every | Some) or part.parts]
            return " and ".join(texts)
        case Some(parts):
            return " or ".join(describe_formula(part) for part in parts)


def _bracket(formula: Formula) -> str:
    text = describe_formula(formula)
    return f"({text})" if isinstance(formula, Some) and len(formula.parts) > 1 else text


def _describe_answers(found: Found) -> str:
    texts = [f"{question} {_describe_answer(answer)}" for question, answer in found.items()][:_MOST_NAMED]
    return f"for example when {' and '.join(texts)}" if texts else "whatever is answered"


def _describe_answer(answer: Answer | None) -> str:
    match answer:
        case None:
            return "is not answered"
        case Coded(codes, _) if codes:
            return f"= {', '.join(codes)}"
        case Number(typed, _):
            return f"= {typed}"
        case _:
            return "is answered"
