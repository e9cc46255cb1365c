"""Every kind of page of the patient's journey, as people see it who need more than a mouse and good eyes (D-12).

The scenes are met once; each test shows all of them to a browser and tells everything it finds.
"""

from collections.abc import Iterable

import pytest
from playwright.sync_api import Browser

from tests.browser.scenes import LONG_WORD, Stage, collect_scenes
from tests.browser.scenes import Scenes as SceneMap
from tests.support.axe import RunAxe
from tests.support.browser import PHONE, OpenPage, Screen
from tests.support.html import CheckHtml
from tests.support.server import Server, StartServer

SCHEMES = {"light": Screen(), "dark": Screen(is_dark=True), "forced colors": Screen(is_forced_colors=True)}
NARROW = PHONE.width

# A link in the middle of a sentence may be as high as the sentence (WCAG 2.2, 2.5.8), and so may one in a list of
# sources; whatever else stands alone may not. A choice is as high as its row.
FIND_SMALL = """() => {
    const isInText = (link) => {
        const whole = link.closest("p, li, dd, td, dt")?.cloneNode(true);
        whole?.querySelectorAll("a, button").forEach((each) => each.remove());
        return Boolean(whole?.textContent.trim()) || link.closest(".sources");
    };
    return [...document.querySelectorAll("a[href], button, summary, input, textarea")]
        .filter((each) => each.checkVisibility() && !each.closest("[aria-hidden]"))
        .filter((each) => !(each.matches("a") && isInText(each)))
        .map((each) => each.matches("[type=radio], [type=checkbox]") ? each.labels[0] : each)
        .map((each) => [Math.round(each.getBoundingClientRect().height), each.outerHTML.slice(0, 90)])
        .filter(([height]) => height < 44).map(([height, html]) => `${height} px: ${html}`);
}"""

# What would be a choice's own ring is drawn around its whole row.
FIND_UNMARKED = """() => {
    const read = (mark) => {
        const {outlineStyle, outlineWidth, outlineColor, boxShadow} = getComputedStyle(mark);
        return [outlineStyle, outlineWidth, outlineColor, boxShadow];
    };
    const faults = [];
    for (const each of document.querySelectorAll("a[href], button, summary, input, textarea, [tabindex]")) {
        if (!each.checkVisibility() || each.closest("[aria-hidden]")) continue;
        const mark = each.matches("[type=radio], [type=checkbox]") ? each.labels[0] : each;
        document.activeElement.blur();
        const before = read(mark);
        each.focus();
        const [style, width] = read(mark);
        const isMarked = style != "none" && parseFloat(width) >= 3 && String(before) != String(read(mark));
        if (document.activeElement != each || !isMarked) faults.push(each.outerHTML.slice(0, 90));
    }
    return faults;
}"""

FIND_CONFUSION = """() => {
    const faults = [];
    const isSeen = (each) => each.checkVisibility() && each.offsetHeight > 0 && each.textContent.trim();
    const precedes = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
    const heading = document.querySelector("h1");
    if (!isSeen(heading)) faults.push("the heading is not seen");
    for (const box of document.querySelectorAll("input:not([type=hidden]), textarea")) {
        if (!precedes(heading, box)) faults.push(`before the heading: ${box.name}`);
        if (!box.labels.length || ![...box.labels].every(isSeen)) faults.push(`no label: ${box.name}`);
        const legend = box.closest("fieldset")?.querySelector("legend");
        if (legend && !(isSeen(legend) && precedes(legend, box))) faults.push(`no legend before ${box.name}`);
    }
    for (const button of document.querySelectorAll("button"))
        if (!isSeen(button)) faults.push(`not seen: ${button.outerHTML}`);
    const parts = [...document.querySelectorAll("h1, h2, h3, p, li, dt, dd, legend, label, button")].filter(isSeen);
    for (const [index, part] of parts.slice(1).entries()) {
        const above = parts[index].getBoundingClientRect(), here = part.getBoundingClientRect();
        if (here.bottom <= above.top) faults.push(`above what comes before it: ${part.outerHTML.slice(0, 90)}`);
    }
    return faults;
}"""

FIND_MOTION = """() => [...document.querySelectorAll("*")]
    .filter((each) => {
        const {transitionDuration, animationName, scrollBehavior} = getComputedStyle(each);
        return !/^(0s(, )?)+$/.test(transitionDuration) || animationName != "none" || scrollBehavior != "auto";
    }).map((each) => each.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def scenes(browser: Browser, live_server: Server, start_shared_server: StartServer) -> SceneMap:
    """Meet every kind of page once."""
    return collect_scenes(browser, live_server.url, start_shared_server(demo=0).url)


def tell(faults: Iterable[tuple[str, object]]) -> str:
    """Return each fault once, with the scenes it was found in."""
    places: dict[str, list[str]] = {}
    for name, fault in faults:
        places.setdefault(f"{fault}", []).append(name)
    return "\n".join(f"{fault}\n    on: {', '.join(names)}" for fault, names in places.items())


def find_everywhere(stage: Stage, search: str) -> str:
    """Return what a search finds on the scenes."""
    return tell((name, fault) for name in stage.show_all() for fault in stage.page.evaluate(search))


def test_the_scenes_are_what_they_are_called(scenes: SceneMap) -> None:
    # Given pages for all that can go wrong, each of them has gone wrong in its own way
    faults = {
        "400": 400,
        "erase: an old page": 400,
        "403": 403,
        "404": 404,
        "413": 413,
        "lost": 410,
        "not open": 503,
        "nothing open": 410,
    }
    faults |= {"question: changed in another tab": 409, "resume: wrong code": 422}
    faults |= {"send: everything is lacking": 422, "send: sent before": 409, "erase: an old page": 400}
    assert {name: sheet.status for name, sheet in scenes.items() if sheet.status != 200} == faults
    titles = dict.fromkeys(("a word for a number", "a day that is not", "rows and none", "too many words"), "Error: ")
    for name, start in {**titles, "a doubt": "Is this right?"}.items():
        assert scenes[f"question: {name}"].document.title.startswith(start)
    # And each component of a question is on some page, with a word in it that is wider than a telephone
    everything = "".join(sheet.html for sheet in scenes.values())
    for mark in ('type="radio"', 'type="checkbox"', "<textarea", 'class="date"', 'class="row"', "-confirmed", "-unit"):
        assert mark in everything
    assert "will not be sent" in scenes["check: unsent and unread"].html
    assert "could not be read" in scenes["check: unsent and unread"].html
    assert "it cannot be sent" in scenes["send: unread"].html
    assert "marked it as read" not in scenes["receipt"].html
    assert "What you sent to the clinic" in scenes["receipt"].html
    assert "Answers on this paper were changed after sending" in scenes["summary: changed since"].html
    for name in ("lost", "resume: wrong code", "question: rows and none"):
        assert LONG_WORD in scenes[name].html


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(
    scheme: str, scenes: SceneMap, live_server: Server, open_page: OpenPage, axe: RunAxe
) -> None:
    stage = Stage(open_page(live_server.url, SCHEMES[scheme]), live_server.url, scenes)
    found = tell((name, violation) for name in stage.show_all() for violation in axe(stage.page))
    assert not found, found


def test_every_page_is_html_as_it_should_be(scenes: SceneMap, check_html: CheckHtml) -> None:
    check_html({name: sheet.html for name, sheet in scenes.items()})


def test_nothing_has_to_be_scrolled_sideways_on_the_narrowest_screen(
    scenes: SceneMap, live_server: Server, open_page: OpenPage
) -> None:
    # WCAG 2.2, 1.4.10: 320 px are also a desktop's 1280 at 400 %.
    stage = Stage(open_page(live_server.url, PHONE), live_server.url, scenes)
    widths = {name: stage.page.evaluate("document.scrollingElement.scrollWidth") for name in stage.show_all()}
    assert {name: width for name, width in widths.items() if width > NARROW} == {}


def test_each_page_makes_sense_without_its_style_sheet(
    scenes: SceneMap, live_server: Server, open_page: OpenPage
) -> None:
    stage = Stage(open_page(live_server.url), live_server.url, scenes)
    stage.page.route("**/*.css", lambda route: route.abort())
    found = find_everywhere(stage, FIND_CONFUSION)
    assert stage.page.evaluate("getComputedStyle(document.body).marginTop") == "8px"  # the browser's own
    assert not found, found


@pytest.mark.parametrize("screen", [Screen(), PHONE], ids=["desktop", "phone"])
def test_whatever_is_pressed_is_at_least_44_pixels_high(
    screen: Screen, scenes: SceneMap, live_server: Server, open_page: OpenPage
) -> None:
    # WCAG 2.2, 2.5.5
    found = find_everywhere(Stage(open_page(live_server.url, screen), live_server.url, scenes), FIND_SMALL)
    assert not found, found


@pytest.mark.parametrize("scheme", ["light", "forced colors"])
def test_focus_is_seen_on_everything_that_takes_it(
    scheme: str, scenes: SceneMap, live_server: Server, open_page: OpenPage
) -> None:
    # WCAG 2.2, 2.4.13
    stage = Stage(open_page(live_server.url, SCHEMES[scheme]), live_server.url, scenes)
    faults = []
    for name in stage.show_all():
        stage.page.keyboard.press("Tab")
        faults += [(name, fault) for fault in stage.page.evaluate(FIND_UNMARKED)]
    assert not faults, tell(faults)


def test_nothing_moves_for_those_who_ask_for_calm(scenes: SceneMap, live_server: Server, open_page: OpenPage) -> None:
    calm = open_page(live_server.url, Screen(is_calm=True))
    found = find_everywhere(Stage(calm, live_server.url, scenes), FIND_MOTION)
    assert not found, found
