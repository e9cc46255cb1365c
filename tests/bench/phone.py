"""What a person with a slow phone waits for: Chromium with 4 × slower CPU, 1.6 Mbit/s, 150 ms round trip, cold."""

import statistics
import time
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import _FLAGS, find_chromium

_RUNS = 5
# From a press to the frame after the next page's first, summed up. The rest of a journey's time is the first two loads,
# and what it takes to press: our driver looks, on the same slowed processor, whether a button stands still.
_WATCH = """
let pressed = 0;
globalThis.waited = 0;
addEventListener("pointerdown", () => pressed = performance.now(), true);
addEventListener("submit", () => new MutationObserver((_, observer) => {
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => waited += performance.now() - pressed));
}).observe(document.documentElement, { childList: true }), true);
"""
_READ = "new Promise(tell => requestAnimationFrame(() => setTimeout(() => tell(waited), 100)))"
_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds until the first question can be answered, in sum over the all-No journey, and the steps it took.

    `painted` is the part of it from a press to the next page's paint, with a script, without the first two loads.
    """

    first: float
    journey: float
    painted: float
    steps: int


def measure_waits(url: str) -> tuple[Waits, Waits]:
    """Return the medians of five cold runs with our one script, and without."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_FLAGS)
        found = tuple(_measure(browser, url, has_scripts=has_scripts) for has_scripts in (True, False))
        browser.close()
    return found[0], found[1]


def _measure(browser: Browser, url: str, *, has_scripts: bool) -> Waits:
    runs = [_walk(browser, url, has_scripts=has_scripts) for _ in range(_RUNS)]
    return Waits(
        statistics.median(run.first for run in runs),
        statistics.median(run.journey for run in runs),
        statistics.median(run.painted for run in runs),
        runs[0].steps,
    )


def _walk(browser: Browser, url: str, *, has_scripts: bool) -> Waits:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=has_scripts)
    page = context.new_page()
    page.add_init_script(_WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    begun = time.monotonic()
    page.goto(url, wait_until="domcontentloaded")
    page.get_by_role("button", name="Start").wait_for()
    waited = first = time.monotonic() - begun
    steps = 0
    begun = time.monotonic()
    page.get_by_role("button", name="Start").click()
    page.locator("input[name=asked]").wait_for(state="attached")
    waited += time.monotonic() - begun
    while not page.url.endswith("/check"):
        _answer_no(page)
        marker = page.locator("h1").inner_text()
        begun = time.monotonic()
        page.get_by_role("button", name="Save and continue").click()
        _wait_for_other(page, marker)
        waited += time.monotonic() - begun
        steps += 1
    painted = page.evaluate(_READ) / 1000 if has_scripts else 0.0
    context.close()
    return Waits(first, waited, painted, steps)


def _answer_no(page: Page) -> None:
    for name in page.locator("input[name=asked]").input_value().split():
        no = page.locator(f'[name="{name}"][value="no"]')
        if no.count():
            no.check()


def _wait_for_other(page: Page, heading: str) -> None:
    """Wait until another page's heading shows and its button can be pressed."""
    page.locator("h1").filter(has_not_text=heading).wait_for()
    page.locator("main form button:visible").first.wait_for()
