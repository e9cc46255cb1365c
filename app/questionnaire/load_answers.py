"""A file with one patient's answers, written as under `examples`, for a look at their summary without a server.

The same rules hold as for an example in the questionnaire file. It must never be the way in for answers that are kept.
"""

from __future__ import annotations

from app.questionnaire.definition import Definition, Example, Place
from app.questionnaire.fault_list import FaultList
from app.questionnaire.load_condition import Entry
from app.questionnaire.load_example import ExampleLoader
from app.questionnaire.model import Item
from app.questionnaire.record import Record, RecordReader
from app.questionnaire.yaml_tree import Mapping, Node, Scalar, parse_tree

_FIRST = Place(1, 1)


def load_answers(data: bytes, file: str, definition: Definition) -> Example:
    """Return the answers in a file as an example patient; raises DefinitionError with every fault.

    The file holds an example (`name` and `note` may be left out), or its answers alone.

    >>> from app.questionnaire.model import ItemType, LocalText, Questionnaire
    >>> text = LocalText((("en", "Age"),))
    >>> age = Item(link_id="age", type=ItemType.INTEGER, text=text)
    >>> page = Item(link_id="page", type=ItemType.GROUP, text=text, items=(age,))
    >>> section = Item(link_id="section", type=ItemType.GROUP, text=text, items=(page,))
    >>> form = Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=(section,))
    >>> file = Definition(file="q.yaml", questionnaire=form, examples=(), overrules=(), places={})
    >>> load_answers(b'age: "62"', "ana.yaml", file).answers
    {'age': '62'}
    """
    faults = FaultList(file)
    tree = _complete(parse_tree(data, faults), file)
    record = RecordReader(faults, (definition.questionnaire.language,)).read_table(tree, "example", file)
    loader = ExampleLoader({entry.item.link_id: entry for entry in _list_entries(definition)}, faults)
    examples = loader.load_all((record,) if record else ())
    if faults.count:
        faults.raise_all()
    return examples[0]


def _complete(tree: Node, file: str) -> Node:
    """Return the tree with what only an example among others needs, and answers alone under their key."""
    if not isinstance(tree, Mapping):
        return tree
    entries = tree.entries
    if tree.get("answers") is None:
        entries = ((_write("answers"), tree),)
    given = {key.value for key, _ in entries}
    missing = [(_write(key), _write(value)) for key, value in (("name", file), ("note", "")) if key not in given]
    return Mapping(tree.line, tree.column, (*entries, *missing))


def _write(word: str) -> Scalar:
    return Scalar(_FIRST.line, _FIRST.column, word or "-", is_plain=True)


def _list_entries(definition: Definition) -> list[Entry]:
    """Return what the loader of examples asks of items, for items that were loaded before."""
    entries = []
    for section in definition.questionnaire.items:
        for number, page in enumerate(section.items):
            for item, role in ((page, "page"), *((question, "question") for question in page.items)):
                record = _make_record(item)
                entries.append(Entry(record=record, item=item, role=role, page=number, is_sound=True))
    return entries


def _make_record(item: Item) -> Record:
    return Record(name=item.link_id, place=_FIRST, values={}, places={}, broken=frozenset())
