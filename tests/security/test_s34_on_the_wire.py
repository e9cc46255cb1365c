"""security.md S34: what is hard to carry arrives as it was typed, and what is no text breaks nothing."""

from urllib.parse import quote

import pytest

from tests.security.wire_forms import post, read_stored
from tests.web.probe import Probe

STRANGE = (
    "\x00",
    "a\x00b",
    "\ufffe",
    "\u202e",
    "\U0001d4b3\U0001f600",
    "'\"; --",
    "%_",
    "<img src=x onerror=alert(1)>",
    "\r\n\t",
)


@pytest.mark.parametrize("text", STRANGE)
def test_strange_characters_arrive_as_they_were_typed(probe: Probe, text: str) -> None:
    assert post(probe, f"answer={quote(text)}&{quote(text)}=x".encode()).text == "saved"
    assert read_stored(probe)[-1] == {"answer": [text], text: ["x"]}


@pytest.mark.parametrize("body", [b"a=%ED%A0%80", b"a=%FF%FE", b"a=\xff\xfe", b"%", b"a=%u0041", b"=", b"&;&"])
def test_bytes_that_are_no_text_never_break_a_page(probe: Probe, body: bytes) -> None:
    assert post(probe, body).status in {200, 400}
