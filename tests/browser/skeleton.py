"""A page without what anybody answered: its skeleton of tags and classes, and the words that are the program's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"input", "br", "meta", "link", "hr", "img", "wbr"}
# An answer stands in a dd on the check page and in the summary, in an li on the face sheet.
_ANSWER_PLACES = {"dd"}
_ROWS = ("div", "li")
_OWN_WORDS = {"bdi", "td", "textarea"}
_UNSEEN = {"script", "style"}


@dataclass
class Node:
    """One element: its tag, its classes and type, and the elements in it."""

    name: str
    children: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the element as one line; the rows of a list, which are as many as were asked, stand there once."""
        inside: list[str] = []
        for child in map(str, self.children):
            if not (inside and child == inside[-1] and child.startswith(_ROWS)):
                inside.append(child)
        return f"{self.name}({' '.join(inside)})" if inside else self.name


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Node("page")
        self.words: list[str] = []
        self.classes: set[str] = set()
        self._open = [self.root]
        self._tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        classes = (values.get("class") or "").split()
        self.classes |= set(classes)
        is_in_face = any("face" in node.name.split(".") for node in self._open)
        node = Node(".".join([tag, *sorted(classes), *filter(None, [values.get("type")])]))
        if not (set(self._tags) & _ANSWER_PLACES or ("li" in self._tags and is_in_face)):
            self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)
            self._tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._tags:
            self._open.pop()
            if self._tags.pop() == tag:
                return

    def handle_data(self, data: str) -> None:
        if not set(self._tags) & (_OWN_WORDS | _UNSEEN):
            self.words.append(data)


def read_skeleton(html: str) -> str:
    """Return the page's tags, classes and input types; a list's like rows once, and nothing from inside an answer."""
    return str(_Reader(html).root)


def read_own_text(html: str) -> str:
    """Return every text of the page that the program or the questionnaire says, title included: not what was typed."""
    return " ".join(" ".join(_Reader(html).words).split())


def read_classes(html: str) -> set[str]:
    """Return every class on the page."""
    return _Reader(html).classes
