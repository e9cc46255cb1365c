"""What a page weighs on the wire, as Chromium counts it: every request of the page, compressed, with headers."""

from playwright.sync_api import Page, sync_playwright

from tests.support.browser import _FLAGS, find_chromium


def weigh_pages(url: str) -> tuple[int, int, list[int]]:
    """Return the first page's bytes and requests, cold, and the bytes of each question page after it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_FLAGS)
        page = browser.new_page(base_url=url, viewport={"width": 390, "height": 844})
        weights: list[int] = []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: weights.append(int(event["encodedDataLength"])))
        page.goto("/", wait_until="networkidle")
        first, requests = sum(weights), len(weights)
        page.get_by_role("button", name="Start").click()
        page.locator("input[name=asked]").wait_for(state="attached")
        page.wait_for_load_state("networkidle")  # the script comes once, with the first question
        questions = list(_weigh_questions(page, weights))
        browser.close()
    return first, requests, questions


def _weigh_questions(page: Page, weights: list[int]) -> list[int]:
    found = []
    for number in range(1, 100):
        weights.clear()
        page.goto(f"/questions/{number}", wait_until="networkidle")
        if page.url.endswith(f"/questions/{number}"):
            found.append(max(weights))
        if "/check" in page.url:
            break
    return found
