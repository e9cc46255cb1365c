"""Pages and files in the encodings browsers take."""

import gzip
import re

import brotli
import pytest

from tests.web.probe import Probe
from tests.web.raw import Reply, build_request, send_raw

DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


def get(probe: Probe, path: str, accepted: str | None) -> Reply:
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    return send_raw(probe.port, build_request(probe.host, path, headers=headers))


def find_stylesheet(probe: Probe) -> str:
    address = re.search(r'href="(/static/app[^"]+css)"', get(probe, "/nowhere", None).text)
    assert address is not None
    return address.group(1)


@pytest.mark.parametrize(
    ("accepted", "page", "file"),
    [
        ("gzip, deflate, br, zstd", "gzip", "br"),
        ("gzip, deflate", "gzip", "gzip"),
        ("br", "br", "br"),
        ("GZIP", "gzip", "gzip"),
        ("br;q=1.0, gzip;q=0", "br", "br"),
        ("*", "gzip", "br"),
        ("identity", None, None),
        ("gzip;q=0", None, None),
        ("", None, None),
        (None, None, None),
        ("xgzip, notbr", None, None),
    ],
)
def test_each_browser_gets_the_best_it_takes(
    probe: Probe, accepted: str | None, page: str | None, file: str | None
) -> None:
    for path, encoding in (("/nowhere", page), (find_stylesheet(probe), file)):
        plain, packed = get(probe, path, None), get(probe, path, accepted)
        assert packed.get("Content-Encoding") == encoding
        assert DECODERS[encoding](packed.body) == plain.body
        assert "Accept-Encoding" in (packed.get("Vary") or "")
        assert packed.get("Content-Length") == str(len(packed.body))


def test_what_is_no_page_or_too_small_is_sent_as_it_is(probe: Probe) -> None:
    for path in ("/healthz", "/stored"):
        assert get(probe, path, "gzip, br").get("Content-Encoding") is None


def test_a_head_tells_the_length_and_sends_nothing(probe: Probe) -> None:
    reply = send_raw(probe.port, build_request(probe.host, "/form", "HEAD"))
    assert reply.status == 200
    assert reply.body == b""
    assert int(reply.get("Content-Length") or 0) > 1000
