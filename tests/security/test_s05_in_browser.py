"""security.md S5 as a browser carries it out: a header's text proves its spelling, only its effect the header."""

import pytest

from tests.browser.courier import Courier
from tests.security.other_site import HOSTS, OtherSite
from tests.support.server import Server


@pytest.mark.parametrize("path", ["/", "/questions/1", "/check", "/summary", "/nothing-here"])
def test_pages_are_cut_off_from_others_and_from_the_device(path: str, stranger: Courier, other_site: OtherSite) -> None:
    # S5: `crossOriginIsolated` is what COOP and COEP are for, and both are dropped when they are misspelled
    page = stranger.context.new_page()
    page.goto(path)
    features = ("camera", "microphone", "geolocation", "display-capture", "usb", "payment")
    allows = f"{list(features)}.filter((name) => document.featurePolicy.allowsFeature(name))"
    assert page.evaluate("crossOriginIsolated") is True
    assert page.evaluate(allows) == []
    # And where nobody forbids it, it is allowed
    page.goto(other_site.name("127.0.0.1", "/own"))
    assert page.evaluate("crossOriginIsolated") is False
    assert page.evaluate(allows) == list(features)


@pytest.mark.parametrize("host", HOSTS)
def test_a_frame_on_another_site_stays_empty(
    host: str, live_server: Server, stranger: Courier, other_site: OtherSite
) -> None:
    # S4, S5
    addresses = ["/own", *(f"{live_server.url}{path}" for path in ("/", "/check", "/nothing-here", "/static/none.css"))]
    other_site.pages["/frames"] = "".join(f"<iframe src='{address}'></iframe>" for address in addresses)
    page = stranger.context.new_page()
    page.goto(other_site.name(host, "/frames"))
    own, *ours = page.frames[1:]
    assert "a page of its own" in own.content()
    assert [frame.url for frame in ours] == ["chrome-error://chromewebdata/"] * 4
    assert [
        frame for frame in ours if "Demonstration" in frame.content() or "Go to the first page" in frame.content()
    ] == []


@pytest.mark.parametrize("host", HOSTS)
def test_another_site_cannot_fetch_what_the_patient_can_open(
    host: str, live_server: Server, stranger: Courier, other_site: OtherSite
) -> None:
    # S5: as text, blindly, and as a picture
    fetch = """([url, mode]) => fetch(url, {mode, credentials: "include"}).then(() => "came", () => "refused")"""
    load = """([url]) => new Promise((done) => {
        Object.assign(new Image(), {onload: () => done("came"), onerror: () => done("refused"), src: url});
    })"""
    page = stranger.context.new_page()
    page.goto(other_site.name(host, "/own"))
    assert page.evaluate(fetch, [other_site.name(host, "/own"), "no-cors"]) == "came"
    for path in ("/summary.pdf", "/summary", "/resume", "/icon.svg"):
        address = f"{live_server.url}{path}"
        found = [page.evaluate(fetch, [address, mode]) for mode in ("no-cors", "cors")]
        assert [*found, page.evaluate(load, [address])] == ["refused"] * 3, path
