"""security.md S4: nothing stands in a page that its policy stops, and what somebody types is never markup."""

import re
from io import BytesIO
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from tests.browser.patient import squeeze
from tests.browser.skeleton import read_skeleton
from tests.security.grounds import HOSTILE, Caller, Grounds
from tests.security.test_s02_closed_by_default import read_matrix
from tests.support.browser import OpenPage
from tests.support.server import Server
from tests.web.patient.visitor import Document

READ_CONTROLS = "() => [...document.querySelectorAll('input, textarea')].map((each) => each.value).join('\\n')"
NOTE_STOPPED = "addEventListener('securitypolicyviolation', (event) => console.error('stopped', event.blockedURI))"
# What a demonstration has no page for: nobody to report to is set, the clinic is open, and its first page leads on.
NOT_THERE = {"/.well-known/security.txt", "/clinic/setup", "/clinic/"}
# Whatever would run, be styled or lead elsewhere without a file of ours.
INLINE = re.compile(
    r"<style|<script(?![^>]*\ssrc=)|<base|<meta[^>]+http-equiv"
    r"|(href|src|action)=[\"']?\s*(java|vb)script:",
    re.IGNORECASE,
)


def open_as(open_page: OpenPage, grounds: Grounds, caller: Caller) -> Page:
    """Return a watched page with somebody's cookies: whatever the policy stops on it fails the test."""
    page = open_page(grounds.server.url)
    page.context.add_init_script(NOTE_STOPPED)
    cookies = caller.cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": grounds.server.url} for name, value in cookies])
    return page


def test_everything_on_the_list_was_opened_by_somebody(grounds: Grounds) -> None:
    opened = {page.rule for page in grounds.pages if page.method == "GET" and page.reply.status == 200}
    assert {rule for method, rule in read_matrix() if method == "GET"} - opened == NOT_THERE


def test_no_answer_has_anything_inline(grounds: Grounds) -> None:
    pages = [page for page in grounds.pages if page.is_html]
    assert {page.reply.status for page in pages} >= {200, 403, 404, 405, 409, 410, 422}
    assert [str(page) for page in pages if Document(page.reply.text).inline or INLINE.search(page.reply.text)] == []


def test_what_was_typed_is_in_no_answer_as_it_was_typed(grounds: Grounds) -> None:
    typed = [HOSTILE.encode(), HOSTILE[:10].encode(), b"<script>document"]
    pages = [page for page in grounds.pages if "text/csv" not in (page.reply.get("Content-Type") or "")]
    assert [str(page) for page in pages if any(text in page.reply.body for text in typed)] == []
    # And there was something to find: it is on pages of every half, escaped
    escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    assert {page.who for page in grounds.pages if page.is_html and escaped in page.reply.text} >= {"patient", "lead"}


def test_the_search_finds_what_is_inline() -> None:
    for text in ("<style>", "<script>", "<script async>", "<a href='javascript:x'>", "<base href=x>"):
        assert INLINE.search(text), text
    assert not INLINE.search('<script src="/static/step.js" defer>')
    assert Document("<p onclick='x'><b style='x'>").inline == ["onclick", "style"]


@pytest.mark.parametrize(
    "who", ["nobody", "patient", "sender", "reviewer", "administrator", "auditor", "lead", "invited", "guest"]
)
def test_no_page_breaks_our_own_policy(who: str, grounds: Grounds, open_page: OpenPage) -> None:
    # Each kind of page once, by its tags and classes: two that differ in words only mean the same to the policy.
    kinds = {read_skeleton(page.reply.text): page for page in grounds.list_found(who)}
    page = open_as(open_page, grounds, grounds.callers[who])
    for found in kinds.values():
        page.goto(found.address)
        assert "owned" not in page.title(), found
    assert kinds


def test_the_browser_tells_of_what_it_stopped(live_server: Server, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{live_server.url}/")
    page.evaluate(NOTE_STOPPED)
    with page.expect_console_message(lambda message: message.text.startswith("stopped")):
        page.evaluate("document.body.append(Object.assign(new Image(), {src: 'data:,x'}))")
    page.close()


TYPED_ON = ("/check", "/summary", "/questions/1", "/questions/19", "/questions/54", "/questions/60")


@pytest.mark.parametrize("path", TYPED_ON)
def test_a_patient_sees_markup_as_they_typed_it(path: str, grounds: Grounds, open_page: OpenPage) -> None:
    page = open_as(open_page, grounds, grounds.callers["patient"])
    page.goto(path)
    assert page.locator("main :is(img:not([src='/summary.svg']), script)").count() == 0
    assert HOSTILE in page.locator("main").inner_text() + page.evaluate(READ_CONTROLS)
    assert "owned" not in page.title()


@pytest.mark.parametrize("path", ["", "/REF", "/REF/correct", "/people"])
def test_staff_see_markup_as_it_was_typed(path: str, grounds: Grounds, open_page: OpenPage) -> None:
    page = open_as(open_page, grounds, grounds.callers["lead"])
    page.goto("/clinic/people" if path == "/people" else f"/clinic/responses{path.replace('REF', grounds.reference)}")
    assert page.locator("main :is(img, script)").count() == 0
    assert HOSTILE in page.locator("main").inner_text() + page.evaluate(READ_CONTROLS)
    assert "owned" not in page.title()


@pytest.mark.parametrize(("who", "path"), [("patient", "/summary.pdf"), ("lead", "/clinic/responses/REF.pdf")])
def test_paper_has_markup_as_it_was_typed(who: str, path: str, grounds: Grounds) -> None:
    paper = grounds.callers[who].call("GET", path.replace("REF", quote(grounds.reference))).body
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages)
    assert squeeze(HOSTILE) in squeeze(text)
