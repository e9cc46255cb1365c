"""A questionnaire file → a Definition, or every fault in it at once, each with its place and what to do.

Reads the text into a tree (`yaml_tree`), the tree by the table of keys (`record`), and then puts the parts together.
It must never open a file, guess what was meant, or let a definition through that one page could not show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from app.questionnaire.definition import Definition, Place
from app.questionnaire.errors import DefinitionError, Fault
from app.questionnaire.fault_list import FaultList, quote
from app.questionnaire.load_example import ExampleLoader
from app.questionnaire.load_item import ItemLoader
from app.questionnaire.load_option import OptionList, Parts, read_options
from app.questionnaire.load_reference import check_references
from app.questionnaire.model import Item, LocalText, Questionnaire, Sentence, Source
from app.questionnaire.record import Record, RecordReader
from app.questionnaire.yaml_tree import Mapping as MappingNode
from app.questionnaire.yaml_tree import Node, Scalar, parse_tree
from app.questionnaire.yaml_tree import Sequence as SequenceNode

MAX_LANGUAGES = 40
_WEB = ("https://", "http://")


def load_questionnaire(data: bytes, file: str) -> Definition:
    """Return the questionnaire of a file with its examples and places; raises DefinitionError with every fault.

    >>> from app.questionnaire.errors import DefinitionError
    >>> try:
    ...     load_questionnaire(b"resourceType: Questionaire", "questions.yaml")
    ... except DefinitionError as error:
    ...     print(error.faults[-1])
    questions.yaml:1:15: questionnaire: resourceType is "Questionaire"; did you mean "Questionnaire"?
    """
    definition, faults = load_partly(data, file)
    if definition is None or faults:
        raise DefinitionError(faults)
    return definition


def load_partly(data: bytes, file: str) -> tuple[Definition | None, tuple[Fault, ...]]:
    """Return what could be read of a file's questionnaire, None where that is nothing, with every fault.

    >>> definition, faults = load_partly(b"title: Before your visit", "questions.yaml")
    >>> definition.questionnaire.title.to("en"), faults[0].fault
    ('Before your visit', 'article is missing')
    """
    faults, definition = FaultList(file), None
    try:
        tree = parse_tree(data, faults)
        top = RecordReader(faults, _find_languages(tree)).read_table(tree, "questionnaire", "questionnaire")
        if top is not None:
            definition = _load(top, faults)
        if faults.count:
            faults.raise_all()
    except DefinitionError as error:
        return definition, error.faults
    return definition, ()


def _find_languages(tree: Node) -> tuple[str, ...]:
    """Return the languages of the file, its own first; faults in them are found when they are read as keys."""
    if not isinstance(tree, MappingNode):
        return ("en",)
    own, others = tree.get("language"), tree.get("languages")
    nodes = (own, *(others.items if isinstance(others, SequenceNode) else ()))
    found = dict.fromkeys(node.value for node in nodes if isinstance(node, Scalar))
    return tuple(found)[: MAX_LANGUAGES + 1] or ("en",)


def _load(top: Record, faults: FaultList) -> Definition:
    _check_head(top, faults)
    places: dict[str, Place] = {}
    article, sources = _load_article(top, places, faults), _load_sources(top, places, faults)
    system = f"{top.find_word('url')}/answers"
    parts = Parts(
        faults=faults,
        language=top.find_word("language"),
        system=system,
        value_sets=_load_value_sets(top, system, places, faults),
        sources=frozenset(source.key for source in sources) if "sources" in top.values else None,
        sentences=frozenset(sentence.id for sentence in article) if "article" in top.values else None,
        places=places,
        overrules=[],
    )
    loader = ItemLoader(parts)
    items = loader.load_all(top)
    if not items and "item" not in top.broken and "item" in top.places:
        faults.add(top.get_place("item"), top.name, "there is no section", "add one with a page and a question")
    check_references(loader.entries, loader.by_id, faults)
    examples = ExampleLoader(loader.by_id, faults).load_all(top.find_all("examples", Record))
    return Definition(
        file=faults.file,
        questionnaire=_build(top, article, sources, items),
        examples=examples,
        overrules=tuple(parts.overrules),
        places={path: Place(place.line, place.column) for path, place in places.items()},
    )


def _build(
    top: Record, article: tuple[Sentence, ...], sources: tuple[Source, ...], items: tuple[Item, ...]
) -> Questionnaire:
    language = top.find_word("language")
    nothing = LocalText(((language, ""),))
    others = (word.value for word in top.find_all("languages", Scalar))
    about = top.find("article", Record)
    return Questionnaire(
        url=top.find_word("url"),
        version=top.find_word("version"),
        status=top.find_word("status"),
        date=top.find_word("date"),
        language=language,
        languages=tuple(dict.fromkeys((language, *others))),
        title=top.find_text("title") or nothing,
        purpose=top.find_text("purpose") or nothing,
        disclaimer=top.find_text("disclaimer") or nothing,
        article_title=about.find_word("title") if about else "",
        article=article,
        sources=sources,
        items=items,
    )


def _check_head(top: Record, faults: FaultList) -> None:
    url = top.find("url", Scalar)
    if url and (not url.value.startswith(_WEB) or url.value.endswith("/") or len(url.value.split()) > 1):
        remedy = "write an address that begins with https:// and does not end with /"
        faults.add(url, top.name, f"url is {quote(url.value)}", remedy)
    language, languages = top.find("language", Scalar), top.find_all("languages", Scalar)
    words = [word.value for word in languages]
    if len(words) > MAX_LANGUAGES:
        faults.add(top.get_place("languages"), top.name, f"there are more than {MAX_LANGUAGES} languages", "keep fewer")
        faults.raise_all()
    if language and languages and language.value not in words:
        fault = f"languages lacks {language.value}, the questionnaire's own"
        faults.add(top.get_place("languages"), top.name, fault, f"add {language.value}")
    for number, word in enumerate(languages):
        if word.value in words[:number]:
            faults.add(word, top.name, f"languages has {word.value} twice", "keep one of the two")


def _load_article(top: Record, places: dict[str, Place], faults: FaultList) -> tuple[Sentence, ...]:
    about = top.find("article", Record)
    sentences = []
    for name, record in (about.find_map("sentences", Record) if about else {}).items():
        text, written = record.find_word("text"), record.find("sha256", Scalar)
        places[f"article/{name.value}"] = name
        found = hashlib.sha256(text.encode()).hexdigest()
        if text and written and written.value != found:
            fault = "the text is not the one that its sha256 was made from, so provenance no longer matches"
            remedy = (
                f"put the article's own words back, or, where the article itself has changed, write sha256: {found}"
            )
            faults.add(written, record.name, fault, remedy)
        sentences.append(Sentence(id=name.value, text=text, sha256=found))
    return tuple(sentences)


def _load_sources(top: Record, places: dict[str, Place], faults: FaultList) -> tuple[Source, ...]:
    sources = []
    for name, record in top.find_map("sources", Record).items():
        places[f"sources/{name.value}"] = name
        url = record.find("url", Scalar)
        if url and not url.value.startswith(_WEB):
            # It becomes a link on a page: `javascript:` and its like must not.
            faults.add(url, record.name, f"url is {quote(url.value)}", "write an address that begins with https://")
        title, mark = record.find_word("title"), record.find_word("mark")
        sources.append(Source(key=name.value, title=title, mark=mark, url=url.value if url else None))
    return tuple(sources)


def _load_value_sets(top: Record, system: str, places: dict[str, Place], faults: FaultList) -> Mapping[str, OptionList]:
    found = {}
    for name, record in top.find_map("valueSets", Record).items():
        places[f"valueSets/{name.value}"] = name
        found[name.value] = read_options(record, system, faults)
    return found
