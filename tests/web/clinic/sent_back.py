"""A page that came back because something on it has to be looked at again, read as somebody does who cannot see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"input", "br", "meta", "link", "hr", "img", "wbr"}
_CONTROLS = {"input", "select", "textarea", "button", "fieldset"}
_TICKED = {"radio", "checkbox"}
_UNTYPED = {"hidden", "submit", *_TICKED}


@dataclass
class Element:
    """One element of a page with everything that is in it."""

    tag: str
    values: dict[str, str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    text: str = ""

    @property
    def classes(self) -> set[str]:
        """Return the element's classes."""
        return set(self.values.get("class", "").split())

    @property
    def is_box(self) -> bool:
        """Tell whether somebody types into it, or chooses from its list."""
        kind = self.values.get("type", "text")
        return self.tag in {"select", "textarea"} or (self.tag == "input" and kind not in _UNTYPED)

    def walk(self) -> Iterator[Element]:
        """Give the element and all that are in it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def climb(self) -> Iterator[Element]:
        """Give the element and all that it is in, from the inside out."""
        yield self
        if self.parent is not None:
            yield from self.parent.climb()


class Sheet(HTMLParser):
    """A page as a tree."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Put an element into the one that is open."""
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1])
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and what was left open in it."""
        while self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Put text into all that is open."""
        for element in self._open:
            element.text += data

    def list_classed(self, name: str) -> list[Element]:
        """Return the elements of a class."""
        return [element for element in self.root.walk() if name in element.classes]

    def find(self, name: str) -> Element | None:
        """Return the element with an id."""
        return next((element for element in self.root.walk() if element.values.get("id") == name), None)

    def read(self, name: str) -> list[str]:
        """Return what a browser would send of the controls that somebody sees with a name, wherever their form is."""
        return [
            value
            for element in self.root.walk()
            if element.values.get("name") == name and element.values.get("type") != "hidden"
            for value in _read_values(element)
        ]

    def list_faults(self) -> list[str]:
        """Return what is not as it has to be on a page that is sent back, whatever was typed into it."""
        titles = [element.text for element in self.root.walk() if element.tag == "title"]
        summaries = self.list_classed("error-summary")
        faults = [] if titles and titles[0].startswith("Error:") else [f"the title is {titles}"]
        if len(summaries) != 1:
            return [*faults, f"{len(summaries)} summaries of what is wrong"]
        links = [element for element in summaries[0].walk() if element.tag == "a"]
        faults += [fault for link in links for fault in self._list_faults_of(link)]
        told = [link.text.strip() for link in links]
        faults += [f"two lines of the summary say “{one}”" for one in {*told} if told.count(one) > 1]
        faults += self._list_untold(link.values["href"].removeprefix("#") for link in links)
        return [*faults, *self._list_shown_secrets()]

    def _list_faults_of(self, link: Element) -> Iterator[str]:
        """Give what is wrong with one line of the summary, and with the control that it leads to."""
        name, sentence = link.values["href"].removeprefix("#"), link.text.strip()
        control = self.find(name)
        if control is None or control.tag not in _CONTROLS or control.values.get("type") == "hidden":
            yield f"#{name} is no control that somebody can reach: {sentence}"
            return
        if control.is_box and control.values.get("aria-invalid") != "true":
            yield f"#{name} is not said to be wrong"
        # What is typed into is described itself; what is ticked, by the group that it is one of.
        described = [control] if control.is_box else control.climb()
        words = [word for one in described for word in one.values.get("aria-describedby", "").split()]
        told = [found.text.strip() for word in words if (found := self.find(word)) and "problem" in found.classes]
        if not any(text and sentence.endswith(text) for text in told):
            yield f"#{name} is not described by “{sentence}”, but by {told}"

    def _list_untold(self, known: Iterable[str]) -> Iterator[str]:
        """Give each fault beside a control that the summary does not lead to."""
        led_to = set(known)
        for element in self.root.walk():
            if element.values.get("aria-invalid") == "true" and element.values.get("id") not in led_to:
                yield f"#{element.values.get('id')} is said to be wrong, and not in the summary"
        if len(self.list_classed("problem")) != len(led_to):
            yield f"{len(self.list_classed('problem'))} sentences beside controls, and {len(led_to)} in the summary"

    def _list_shown_secrets(self) -> Iterator[str]:
        for element in self.root.walk():
            if element.values.get("type") == "password" and element.values.get("value"):
                yield f"#{element.values.get('id')} holds a password"


def _read_values(element: Element) -> Iterator[str]:
    if element.tag == "textarea":
        yield element.text.removeprefix("\n")  # a browser drops one line end right after the tag
    elif element.tag == "select":
        chosen = [one.values.get("value", "") for one in element.walk() if "selected" in one.values]
        yield from chosen or [""]
    elif element.tag == "input" and (element.values.get("type") not in _TICKED or "checked" in element.values):
        yield element.values.get("value", "")
