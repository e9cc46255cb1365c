"""security.md S4: nothing stands in a page that its policy stops, and what somebody types is never markup."""

from collections.abc import Sequence

from tests.browser.courier import Courier
from tests.browser.scenes import merge_patients
from tests.support.browser import OpenPage
from tests.support.server import Server

HOSTILE = '<img src=x onerror="document.title=`owned`"><script>document.title=`owned`</script>'


READ_CONTROLS = "() => [...document.querySelectorAll('input, textarea')].map((each) => each.value).join('\\n')"


def fill_everything(courier: Courier, words: str) -> None:
    """Start a form, type the same words wherever there is room, and walk to the check page."""
    answers = merge_patients("ABHGL")
    courier.start()
    courier.walk(answers)
    typed: dict[str, dict[str, str | Sequence[str]]] = {
        "visit": {"reason-for-visit": ["something-else"], "reason-for-visit-something-else": words},
        "medicines": {"current-medicines-1-name": words, "current-medicines-1-reason": words},
        "bladder-more": {"bladder-how-long": words},
        "anything-else": {"other-conditions": words, "questions-for-doctor": words},
    }
    for link_id, values in typed.items():
        courier.open_page(link_id)
        courier.send(values)
        assert courier.sheet.status == 200
    courier.get("/check")


def test_no_page_breaks_our_own_policy(live_server: Server, open_page: OpenPage) -> None:
    # S4: `open_page` fails the test for whatever the policy stops. Every page that links lead to is opened.
    page = open_page(live_server.url)
    page.context.add_init_script(
        "addEventListener('securitypolicyviolation', (event) => console.error(event.blockedURI))"
    )
    fill_everything(Courier(page.context, live_server.url), HOSTILE)
    waiting, seen = ["/", "/check", "/summary", "/share", "/done"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        page.goto(path)
        links = page.locator("a[href^='/']").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
        found = {link.partition("#")[0] for link in links} - seen - set(waiting)
        waiting += sorted(link for link in found if ".pdf" not in link)
    assert len([path for path in seen if path.startswith("/questions/")]) > 40
    assert {"/for-clinicians", "/privacy", "/support", "/resume", "/erase"} <= seen


def test_markup_that_somebody_types_is_shown_as_they_typed_it(live_server: Server, open_page: OpenPage) -> None:
    # S4, W-09
    page = open_page(live_server.url)
    fill_everything(Courier(page.context, live_server.url), HOSTILE)
    for path in ("/check", "/summary", "/questions/1", "/questions/19", "/questions/54", "/questions/60"):
        page.goto(path)
        assert page.locator("main :is(img, script)").count() == 0
        assert HOSTILE in page.locator("main").inner_text() + page.evaluate(READ_CONTROLS), path
        assert "owned" not in page.title()
