"""Reads a PDF back: words without the white space between them, pages of bookmarks, fonts and places of words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from pypdf import PageObject, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject, StreamObject

_UNSEEN = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069\u200e\u200f\u202a\u202b\u202c"))


def squash(text: str) -> str:
    """Return the text without white space and marks of direction, which are not the same on paper."""
    return "".join(text.translate(_UNSEEN).split())


def _read_aloud(page: PageObject) -> str:
    marks: list[str] = []
    found: list[str] = []

    def follow(operator: bytes, operands: list[object], *_: object) -> None:
        if operator in {b"BMC", b"BDC"}:
            marks.append(str(operands[0]))
        elif operator == b"EMC":
            marks.pop()

    def note(text: str, *_: object) -> None:
        if "/Artifact" not in marks:
            found.append(text)

    page.extract_text(visitor_operand_before=follow, visitor_text=note)
    return squash("".join(found))


@dataclass(frozen=True, slots=True)
class Word:
    """Some text as it stands on a page: in points from its lower left corner."""

    text: str
    x: float
    y: float
    font: str
    size: float


@dataclass(frozen=True)
class Paper:
    """A PDF that was drawn."""

    data: bytes

    @cached_property
    def reader(self) -> PdfReader:
        """Return the PDF, read."""
        return PdfReader(BytesIO(self.data))

    @cached_property
    def pages(self) -> list[str]:
        """Return the squashed text of each page."""
        return [squash(page.extract_text()) for page in self.reader.pages]

    @cached_property
    def text(self) -> str:
        """Return the squashed text of all pages."""
        return "".join(self.pages)

    @property
    def language(self) -> str:
        """Return the language the document says it is in."""
        return str(self.reader.root_object["/Lang"])

    @property
    def properties(self) -> str:
        """Return the document's properties as XML."""
        metadata = self.reader.root_object["/Metadata"].get_object()
        return metadata.get_data().decode() if isinstance(metadata, StreamObject) else ""

    def list_bookmarks(self) -> list[tuple[str, int]]:
        """Return each bookmark with the number of its page, from 1."""
        return list(self._walk_bookmarks(self.reader.outline))

    def _walk_bookmarks(self, outline: Sequence[object]) -> Iterator[tuple[str, int]]:
        for entry in outline:
            if isinstance(entry, list):
                yield from self._walk_bookmarks(entry)
            else:
                number = self.reader.get_destination_page_number(entry)  # type: ignore[arg-type] # what outline holds
                yield str(getattr(entry, "title", "")), (-1 if number is None else number) + 1

    def list_words(self, page: int) -> list[Word]:
        """Return what stands on a page (from 1), with its font and place."""
        found: list[Word] = []

        def note(text: str, matrix: list[float], place: list[float], font: dict[str, object], size: float) -> None:
            if text.strip():
                x, y = place[4] * matrix[0] + matrix[4], place[5] * matrix[3] + matrix[5]
                found.append(Word(text.strip(), x, y, str((font or {}).get("/BaseFont")), abs(size * place[0])))

        self.reader.pages[page - 1].extract_text(visitor_text=note)
        return found

    def list_read_aloud(self) -> list[str]:
        """Return the squashed text of each page that a screen reader reads: not what is marked as an artifact."""
        return [_read_aloud(page) for page in self.reader.pages]

    def walk_objects(self) -> Iterator[tuple[str, PdfObject]]:
        """Yield every key of every dictionary in the file with its value."""
        seen: set[int] = set()
        waiting: list[object] = [self.reader.trailer]
        while waiting:
            value = waiting.pop()
            if isinstance(value, IndirectObject):
                if value.idnum in seen:
                    continue
                seen.add(value.idnum)
                value = value.get_object()
            if isinstance(value, DictionaryObject):
                for key, part in value.items():
                    yield str(key), part
                    waiting.append(part)
            elif isinstance(value, ArrayObject):
                waiting.extend(value)
