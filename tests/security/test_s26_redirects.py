"""security.md S26: nobody is sent anywhere but to our own pages, whatever an address or a form says."""

import re
from urllib.parse import quote

import pytest

from tests.security.grounds import Caller, Grounds, sign_in
from tests.security.test_s02_closed_by_default import fill, read_matrix
from tests.support.browser import OpenPage
from tests.support.server import Server
from tests.web.raw import Reply

TARGETS = (
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "https:evil.test",
    "https://evil.test",
    "%2f%2fevil.test",
    "javascript:alert(1)",
    "data:text/html,evil",
    "/clinic/\r\nLocation: https://evil.test",
    "/%0d%0aLocation:%20https://evil.test",
    "@evil.test",
    ".evil.test",
)
NAMES = ("next", "url", "return_to", "redirect", "redirect_uri", "onward", "came_from", "continue")
# As browsers take it for a page of the same origin: one slash, and then no second one, in whatever spelling.
OWN = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def is_own(reply: Reply) -> bool:
    """Tell whether an answer sends nobody away."""
    location = reply.get("Location")
    return location is None or OWN.fullmatch(location) is not None


def ask_with(target: str) -> dict[str, str]:
    """Return the target under every name that programs give it."""
    return dict.fromkeys(NAMES, target)


def test_what_is_not_our_own_is_seen() -> None:
    wrong = ["//evil.test", "/\\evil.test", "https://evil.test", "evil.test", "/a\\b", "/\tx", ""]
    assert [text for text in wrong if is_own(Reply(303, (("Location", text),), b""))] == []
    assert is_own(Reply(303, (("Location", "/clinic/responses?saved=1#notes"),), b""))


def test_every_redirect_of_the_program_leads_to_one_of_its_pages(grounds: Grounds) -> None:
    assert [str(page) for page in grounds.pages if not is_own(page.reply)] == []
    assert len([page for page in grounds.pages if page.reply.get("Location")]) > 50


@pytest.mark.parametrize("target", TARGETS)
def test_whoever_signs_in_comes_to_the_queue(target: str, live_server: Server) -> None:
    # Given somebody who follows a link to the sign-in page that says where to go then
    reviewer = Caller("reviewer", live_server, about={"Referer": f"{live_server.url}/{quote(target)}"})
    query = "&".join(f"{name}={quote(target, safe='')}" for name in NAMES)
    reviewer.call("GET", f"/clinic/sign-in?{query}")
    # When they sign in, with the same in the form
    reply = reviewer.post(f"/clinic/demonstration?{query}", {**ask_with(target), "as": "reviewer"})
    # Then they are in the queue
    assert reply.get("Location") == "/clinic/"
    assert reviewer.call("GET", f"/clinic/?{query}").get("Location") == "/clinic/responses"


@pytest.mark.parametrize("target", TARGETS)
def test_whoever_had_asked_for_one_of_our_pages_comes_to_that(target: str, live_server: Server) -> None:
    reviewer = Caller("reviewer", live_server)
    wanted = f"/clinic/export?next={quote(target, safe='')}"
    assert reviewer.call("GET", wanted).get("Location") == "/clinic/sign-in"
    assert reviewer.post("/clinic/demonstration", {"as": "reviewer"}).get("Location") == wanted


@pytest.mark.parametrize("who", ["nobody", "patient", "reviewer"])
def test_no_form_and_no_page_goes_where_it_is_told(who: str, grounds: Grounds) -> None:
    caller = grounds.callers[who] if who != "reviewer" else sign_in(grounds.server, who)
    for method, rule in read_matrix():
        path = fill(rule.replace("<reference>", grounds.reference))
        for target in (TARGETS[0], TARGETS[2]) if rule not in {"/erase", "/clinic/sign-out"} else ():
            query = f"?next={quote(target, safe='')}&url={quote(target, safe='')}"
            reply = (
                caller.post(path + query, ask_with(target)) if method == "POST" else caller.call("GET", path + query)
            )
            assert is_own(reply), (method, path, reply)
            # Our own page with the question still on it is where they were; anywhere else the target has no place
            assert "evil" not in (reply.get("Location") or "").partition("?")[0]


STRANGE = ("//evil.test", "/\\evil.test", "/%5cevil.test", "/%09/evil.test", "/clinic//evil.test", "/%0d%0aLocation:x")


@pytest.mark.parametrize("path", STRANGE)
@pytest.mark.parametrize("half", ["", "/clinic"])
def test_a_strange_path_leads_nowhere(path: str, half: str, live_server: Server) -> None:
    reply = Caller("nobody", live_server).call("GET", half + path)
    assert reply.status in {400, 404}
    assert reply.get("Location") is None
    assert "evil" not in reply.text


def test_signing_out_and_erasing_lead_to_our_own_pages(live_server: Server) -> None:
    away, query = ask_with("//evil.test"), "?next=//evil.test"
    left = sign_in(live_server, "reviewer").post(f"/clinic/sign-out{query}", away)
    assert left.get("Location") == "/clinic/signed-out"
    assert Caller("nobody", live_server).post(f"/erase{query}", away).status == 200


def test_a_browser_stays_with_us(live_server: Server, open_page: OpenPage) -> None:
    # `open_page` fails the test where it asks another host
    page = open_page(live_server.url)
    for target in TARGETS[:6]:
        page.context.clear_cookies()
        page.goto(f"/clinic/sign-in?next={quote(target, safe='')}")
        page.locator('button[name="as"][value="reviewer"]').click()
        page.wait_for_url("**/clinic/responses")
