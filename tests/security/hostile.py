"""Texts that would be code if anything took them for it: a questionnaire full of them, and answers full of them."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from app.questionnaire.answer import Answer, Coded, Number, Rows, Text
from app.questionnaire.answers import OWN_WORDS_LIMIT
from app.questionnaire.canonical import dump_canonical, hash_canonical
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import Item
from tests.browser.patient import QUESTIONS, load_edition
from tests.output.samples import fill_up

TEMPLATE: Final = "{{7*7}} {%raw%} %(x)s {0.__class__}"
MARKUP: Final = "</title><script>alert(1)</script>"
SQL: Final = "'\"; DROP TABLE drafts; -- %_"
PAPER: Final = '#read("/etc/passwd") #panic() )>>/JS(x) \\u{41} $x$'
SHEET: Final = '=HYPERLINK("file:///etc/passwd")'

# Keys whose text people read. The others are names and codes, and held to a few plain signs by the loader.
TEXTS: Final = frozenset(
    {
        "disclaimer",
        "display",
        "help",
        "keyFacts",
        "purpose",
        "rationale",
        "review",
        "shortText",
        "text",
        "title",
        "why",
    }
)


@dataclass
class Ear:
    """Somebody who listens on this machine; `heard` is what came."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def lures(self) -> str:
        """Return a text that asks for this ear in as many ways as there are."""
        at = f"http://127.0.0.1:{self.port}"
        return f"<img src={at}/i> {at}/u url({at}/c)"


@contextmanager
def listen() -> Iterator[Ear]:
    """Listen on a port that was free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ear = Ear(port=listener.getsockname()[1])

        def hear() -> None:
            with suppress(OSError):  # closed: nobody listens any more
                while True:
                    caller, _ = listener.accept()
                    with caller, suppress(OSError):  # whoever connects and says nothing
                        caller.settimeout(10)
                        ear.heard.append(caller.recv(200))

        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        yield ear
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def squash(text: str) -> str:
    """Return a text without white space: where lines break is not what is compared."""
    return "".join(text.split())


def write_hostile_file(*payloads: str) -> tuple[str, dict[str, str]]:
    """Return our questionnaire with one of these in every text, in turn, and what to look for by where it stands."""
    tree: dict[str, Any] = yaml.load(QUESTIONS.read_bytes(), yaml.BaseLoader)  # noqa: S506  it builds texts only
    del tree["examples"]
    texts: dict[str, str] = {}

    def spoil(node: Any, place: str, key: str) -> Any:  # noqa: ANN401  whatever YAML holds
        if isinstance(node, dict):
            return {name: spoil(value, f"{place}/{name}", name) for name, value in node.items()}
        if isinstance(node, list):
            return [spoil(value, f"{place}/{number}", key) for number, value in enumerate(node)]
        if key not in TEXTS:
            return node
        kept = f"{node} " if key == "keyFacts" else ""  # its braces stand for an answer
        texts[place] = f"T{len(texts)} {payloads[len(texts) % len(payloads)]}"
        return kept + texts[place]

    spoiled = spoil(tree, "", "")
    for sentence in spoiled["article"]["sentences"].values():
        sentence["sha256"] = hashlib.sha256(sentence["text"].encode()).hexdigest()
    return yaml.safe_dump(spoiled, sort_keys=False, allow_unicode=True, width=100_000), texts


def list_cited(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts without those that no question refers to: sources and sentences of the article that wait."""
    items = yaml.load(QUESTIONS.read_bytes(), yaml.BaseLoader)["item"]  # noqa: S506  it builds texts only
    cited = set(_find_cited(items))
    named = {place: place.split("/")[-2] for place in texts if place.startswith(("/article/", "/sources/"))}
    return {place: text for place, text in texts.items() if place not in named or named[place] in cited}


def _find_cited(node: Any) -> Iterator[str]:  # noqa: ANN401  whatever YAML holds
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key in {"sources", "article"}:
            yield from value
        elif isinstance(value, dict | list):
            yield from _find_cited(value)


def read_edition(text: str) -> tuple[Edition, str]:
    """Return the edition that a file is, and its canonical form."""
    questionnaire = load_questionnaire(text.encode(), "hostile.yaml").questionnaire
    canonical = dump_canonical(questionnaire)
    return build_edition(questionnaire, hash_canonical(canonical)), canonical


def answer_all(typed: str) -> dict[str, Answer]:
    """Return an answer to every question, of the options that open most others, with this wherever one can write."""
    return {item.link_id: _answer(item, typed) for item in load_edition().questions}


def _answer(item: Item, typed: str) -> Answer:
    if item.is_rows:
        return Rows((tuple(typed[: child.max_length] for child in item.items),) * 2)
    match fill_up(item):
        case Coded(codes, _):
            opened = [option.code for option in item.answer_options if option.is_open]
            if opened and not item.repeats and "yes" not in codes:
                codes = (opened[0],)
            return Coded(codes, typed[: item.max_length or OWN_WORDS_LIMIT] if set(opened) & set(codes) else "")
        case Number():
            return Number(str(min(60, item.max_value or 60)), is_confirmed=True)
        case Text():
            return Text(typed[: item.max_length])
        case answer:
            return answer
