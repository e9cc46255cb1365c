"""The process that draws: fixed template in, JSON in, PDF out, over two pipes and nothing else.

Run by path, apart from the application, so that it holds neither its settings, its keys nor its memory. It must never
write a file with an answer in it, evaluate what it is given, reach a network, or say a word of an answer when it fails.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typst import Compiler

# Order matters: a character is drawn with the first font that has it.
PACKED_FONTS = (
    "FiraGO_Regular",
    "FiraGO_Bold",
    "NotoSans_Regular",
    "NotoSansSymbols2_Regular",
    "NotoSansSymbols_Regular",
    "NotoSansMath_Regular",
)
FAMILIES = (
    "FiraGO",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Emoji",
    "Noto Sans Symbols2",
    "Noto Sans Symbols",
    "Noto Sans Math",
)
PARTS = (
    "page.typ",
    "face.typ",
    "answers.typ",
    "staff.typ",
    "document.typ",
)  # of the template, in the order they build on
TEMPLATE = """#set document(title: json(bytes(sys.inputs.document-0)).title, date: none)
#let draw(paper) = [
BODY
]
#for paper in range(int(sys.inputs.papers)) { draw(paper) }
"""
PAPER_BREAK = "\1"  # between the papers of one file; JSON escapes it, so no text holds it
REQUEST = struct.Struct(">I")
REPLY = struct.Struct(">BII")  # how it went, the worker's resident kilobytes, length of what follows
DRAWN, NOT_DRAWN, NOT_READY = 0, 1, 2
ADDRESS_SPACE = 1 << 30
SECONDS_OF_CPU = 15
SECONDS_BETWEEN_LOOKS = 2.0
KEPT_DRAWINGS = 10  # how long the compiler remembers
# Drawn as nothing by design, so no font needs a glyph for them: joiners, marks of direction, variation selectors.
JOINERS_AND_MARKS = (0xAD, 0x34F, 0x61C, *range(0x200B, 0x2010), 0x2060)
INVISIBLE = (0x00, 0x01, 0x0A, *JOINERS_AND_MARKS, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
SEGMENTS, GROUPS = 4, 12  # the two forms of `cmap` in use
NO_CODE = 0xFFFF


def find_codes(font: bytes) -> list[tuple[int, int]]:
    """Return the ranges of characters a font maps to glyphs (OpenType `cmap`, formats 4 and 12)."""
    tables = struct.unpack_from(">H", font, 4)[0]
    start = next(
        struct.unpack_from(">I", font, 12 + 16 * number + 8)[0]
        for number in range(tables)
        if font[12 + 16 * number : 16 + 16 * number] == b"cmap"
    )
    ranges: list[tuple[int, int]] = []
    for number in range(struct.unpack_from(">H", font, start + 2)[0]):
        at = start + struct.unpack_from(">I", font, start + 4 + 8 * number + 4)[0]
        form = struct.unpack_from(">H", font, at)[0]
        if form == GROUPS:
            groups = struct.unpack_from(">I", font, at + 12)[0]
            ranges += [struct.unpack_from(">II", font, at + 16 + 12 * group) for group in range(groups)]
        elif form == SEGMENTS:
            ranges += _find_segments(font, at)
    return ranges


def _find_segments(font: bytes, at: int) -> list[tuple[int, int]]:
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", font, at + 14)
    starts = struct.unpack_from(f">{count}H", font, at + 16 + 2 * count)
    return [(first, last) for first, last in zip(starts, ends, strict=True) if first != NO_CODE]


class Ink:
    """Which characters the fonts can draw, and what stands in the place of those they cannot."""

    def __init__(self, fonts: list[Path]) -> None:
        """Read what each font covers."""
        self.has = bytearray(sys.maxunicode + 1)
        for path in fonts:
            for first, last in find_codes(path.read_bytes()):
                self.has[first : last + 1] = b"\1" * (last + 1 - first)
        for code in INVISIBLE:
            self.has[code] = 1

    def show(self, text: str, *, is_strict: bool = False) -> str:
        """Return the text with each character that cannot be drawn as `[U+1F9FF nazar amulet]`, never dropped (D-1)."""
        lost = {
            ord(character): name_character(character)
            for character in set(text)
            if not self.has[ord(character)] or (is_strict and not character.isascii())
        }
        return text.translate(lost) if lost else text


def name_character(character: str) -> str:
    """Return a character's number, with its name where it is a picture that a reader would miss."""
    name = unicodedata.name(character, "").lower() if unicodedata.category(character) in {"So", "Sk"} else ""
    return f"[U+{ord(character):04X}{' ' + name if name else ''}]"


class Press:
    """A compiler with its fonts in memory; the folder they were read from is gone before the first answer comes."""

    def __init__(self, templates: Path, extra_fonts: Path) -> None:
        """Load the template and every font."""
        body = "\n".join((templates / part).read_text() for part in PARTS)
        self.template = TEMPLATE.replace("BODY", body).encode()
        folder = Path(tempfile.mkdtemp(prefix=f"foreword-fonts-{os.getpid()}-"))
        try:
            cjk = unpack_fonts(folder, extra_fonts)
            self.ink = Ink([*folder.iterdir(), cjk])
            self.compiler, self.families = load_compiler(folder, cjk.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def draw(self, payload: str) -> bytes:
        """Return the PDF (PDF/UA-1, ISO 14289-1) of one summary; raises ValueError."""
        for is_strict in (False, True):
            # The compiler's message may quote an answer: it is dropped, never passed on.
            with contextlib.suppress(RuntimeError):
                return self._compile(self.ink.show(payload, is_strict=is_strict))
        raise ValueError

    def forget(self) -> None:
        """Let go of what the compiler keeps for its next drawings: drawings of nothing age it out.

        Without this the process holds about 60 MB more, and each drawing takes longer for looking through it.
        """
        # First what it was told is taken from it; it then remains so, and to say it again takes as long as the rest.
        self.compiler.compile(input=b"", format="svg", sys_inputs={})
        for _ in range(KEPT_DRAWINGS):
            self.compiler.compile(input=b"", format="svg")

    def _compile(self, payload: str) -> bytes:
        inputs = {"fonts": json.dumps(self.families)} | split_payload(payload)
        drawn = self.compiler.compile(input=self.template, format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
        if not isinstance(drawn, bytes):
            raise TypeError
        return drawn


def split_payload(payload: str) -> dict[str, str]:
    """Return what the template is given: for each paper whether its letters are plain, the document, and its faces."""
    papers = payload.split(PAPER_BREAK)
    inputs = {"papers": str(len(papers))}
    for number, paper in enumerate(papers):
        is_plain, document, *faces = paper.split("\0")
        inputs |= {f"plain-{number}": is_plain, f"document-{number}": document}
        inputs |= {f"face-{number}-{place}": face for place, face in enumerate(faces)}
    return inputs


def unpack_fonts(folder: Path, extra_fonts: Path) -> Path:
    """Put the fonts that are no files of their own into a folder; return the one that is."""
    for name in PACKED_FONTS:
        (folder / f"{name}.ttf").write_bytes(importlib.import_module(f"pymupdf_fonts.{name}").fontbuffer)
        del sys.modules[f"pymupdf_fonts.{name}"]
    for path in extra_fonts.glob("*.ttf"):
        shutil.copy(path, folder)
    return Path(str(importlib.import_module("noto_cjk_sans_jp_regular").FONT_PATH))


def load_compiler(folder: Path, cjk: Path) -> tuple[Compiler, list[str]]:
    """Return a compiler that knows these fonts and nothing else of this machine, and their names in order."""
    import typst  # noqa: PLC0415 - the application imports this module for its numbers and must not load the compiler

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder), str(cjk)])
    families = [family for family in FAMILIES if family in fonts.families()]
    compiler = typst.Compiler(
        root=folder, font_paths=fonts, ignore_system_fonts=True, package_path=folder, package_cache_path=folder
    )
    # A font is read when it is first used. Using each now lets its folder go; the large one stays where it is.
    words = "".join(f'#text(font: "{name}")[a#strong[a]]' for name in families if "CJK" not in name)
    compiler.compile(input=words.encode(), format="pdf")
    return compiler, families


def set_limits() -> None:
    """Bound what a hostile text can cost: memory, files of no size at all, no core dump with answers in it."""
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def allow_processor_time() -> None:
    """Give the next drawing its own seconds of processor time; the system ends the process when they are used up."""
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + SECONDS_OF_CPU, hard))


def read_resident() -> int:
    """Return this process's resident kilobytes: now where the system says so, else the highest so far."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_exactly(source: int, count: int, parent: int) -> bytes | None:
    """Return `count` bytes, or None once the other end is closed or the parent has gone."""
    parts = bytearray()
    while len(parts) < count:
        ready, _, _ = select.select([source], [], [], SECONDS_BETWEEN_LOOKS)
        if not ready:
            if os.getppid() != parent:
                return None
            continue
        part = os.read(source, min(count - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


def serve(press: Press, source: int, sink: int) -> None:
    """Draw what comes in until the other end closes."""
    parent = os.getppid()
    while head := read_exactly(source, REQUEST.size, parent):
        body = read_exactly(source, REQUEST.unpack(head)[0], parent)
        if body is None:
            return
        allow_processor_time()
        try:
            outcome, drawn = DRAWN, press.draw(body.decode())
        except BaseException:  # noqa: BLE001 - whatever it says may hold an answer: only that it failed leaves here
            outcome, drawn = NOT_DRAWN, b""
        answer(sink, outcome, drawn)
        press.forget()


def answer(sink: int, outcome: int, body: bytes) -> None:
    """Write one reply."""
    reply = memoryview(REPLY.pack(outcome, read_resident(), len(body)) + body)
    while reply:
        reply = reply[os.write(sink, reply) :]


def main() -> None:
    """Draw for the process that started this one; it is the other end that an interrupt from the keyboard is for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    templates, fonts = sys.argv[1:]
    try:
        press = Press(Path(templates), Path(fonts))
    except (ImportError, OSError, RuntimeError) as fault:
        # Nothing of a patient's has come in yet: the operator may read what is missing.
        answer(1, NOT_READY, str(fault).encode())
        sys.exit(1)
    set_limits()
    serve(press, 0, 1)


if __name__ == "__main__":
    main()
