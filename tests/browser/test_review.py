"""Reviewing at a real browser: without scripts, by keyboard alone, at 320 px, in every color scheme (D-12)."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import Dialog, Page, expect
from pypdf import PdfReader

from app.questionnaire.answer import Coded
from app.storage.people import Role
from tests.browser.review_desk import Correspondent, let_sessions_rest
from tests.browser.staff import sign_in
from tests.browser.test_keyboard import Typist
from tests.browser.test_staff_identity import Eye
from tests.support.axe import RunAxe, Violations
from tests.support.browser import PHONE, OpenPage, Screen
from tests.support.html import CheckHtml
from tests.support.server import Server, StartServer

SCREENS = {
    "a desktop": Screen(),
    "a phone": PHONE,
    "a phone without scripts": Screen(width=PHONE.width, height=PHONE.height, has_scripts=False),
    "dark": Screen(is_dark=True, width=1440),
    "forced colors": Screen(is_forced_colors=True),
}
WITHOUT_SCRIPTS = Screen(has_scripts=False)
PAPER = re.compile(r"/clinic/responses/(print\?|.*\.pdf)")
NOTE = "Called – “much better”\n\nsince Monday"
BESIDE = "#answer-heart-disease ~ .more"


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """Start a demonstration that has received nothing yet."""
    return start_server()


@pytest.fixture
def reviewer(server: Server, open_page: OpenPage) -> Page:
    """Sign in as a reviewer, without scripts."""
    page = open_page(server.url, WITHOUT_SCRIPTS)
    sign_in(page, Role.REVIEWER)
    return page


def open_eye(page: Page, axe: RunAxe, screen: str) -> Eye:
    """Return an eye on a page; axe-core waits for ever on a long one without scripts, and sees it with them."""
    return Eye(page, axe if SCREENS[screen].has_scripts else find_none, [], {})


def find_none(_: Page) -> Violations:
    """Return that nothing was found."""
    return Violations()


def open_note_beside(page: Page, words: str) -> None:
    """Write into the box beside the answer about the heart."""
    box = page.locator("#note-heart-disease")
    if not box.is_visible():
        page.locator(f"{BESIDE} summary").first.click()
    box.fill(words)


def fetch_pages(page: Page, address: str) -> list[str]:
    """Return the text of each page of a PDF, fetched with the browser's own session."""
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf", answer.text()
    return [each.extract_text() for each in PdfReader(BytesIO(answer.body())).pages]


def find_by_name(page: Page, eye: Eye, words: str, reference: str) -> None:
    """Look for somebody by a part of their name, and open what is found."""
    page.goto("/clinic/responses")
    eye.look("list")
    page.get_by_label("Name", exact=True).fill(words)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("row", name=reference)).to_contain_text("Your clinic has this answer marked")
    eye.look("list: found")
    assert words not in page.url
    # One link a row, read out as name and reference; the name itself is what people press
    expect(page.locator(".list tbody").get_by_role("link")).to_have_accessible_name(f"Ana María Ruiz {reference}")
    searched = page.url
    page.get_by_text("Ana María Ruiz").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Response {reference}")
    eye.look("response")
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_url(searched)
    page.get_by_role("link", name=reference).click()


def write_notes(page: Page, eye: Eye) -> None:
    """Open what can be opened, and write a note beside an answer and one on the whole."""
    for summary in page.locator(".sheet summary").all()[:4]:
        summary.click()
    eye.look("response: opened")
    open_note_beside(page, "Ask the family doctor")
    page.get_by_label("Note on the whole").fill(NOTE)
    page.get_by_role("button", name="Save the notes").click()
    expect(page.locator("#answer-heart-disease ~ dd >> text=Ask the family doctor")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_role("status")).to_be_in_viewport()
    expect(page.locator(".rail").get_by_text("since Monday")).to_be_in_viewport()
    eye.look("response: noted")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_reviewer_finds_it_by_name_reads_notes_prints_and_marks_it_reviewed(
    screen: str, server: Server, open_page: OpenPage, axe: RunAxe, check_html: CheckHtml
) -> None:
    # Given two people who have sent, one of them twice
    patient = Correspondent(server)
    reference = patient.send(suicidal_thoughts=Coded(("yes",)))
    patient.send(heart_disease=Coded(("not-sure",)))
    Correspondent(server, name="Bo Chen").send()
    page = open_page(server.url, SCREENS[screen])
    eye = open_eye(page, axe, screen)
    sign_in(page, Role.REVIEWER)
    # When a reviewer finds her, everything is there to be read, noted and printed
    find_by_name(page, eye, "ruiz", reference)
    expect(page.get_by_text("What changed since version 1")).to_be_visible()
    write_notes(page, eye)
    paper = "\n".join(fetch_pages(page, f"{server.url}/clinic/responses/{reference}.pdf?companion=1&notes=1"))
    for words in ("Ana María Ruiz", reference, "since Monday", "Why each question is asked"):
        assert words in paper
    # Then marking it reviewed takes it off the list in one step, and offers the next
    page.get_by_role("button", name="Mark reviewed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Response {reference} is reviewed")
    expect(page.get_by_text("Bo Chen")).to_be_visible()
    eye.look("reviewed")
    page.get_by_role("link", name=re.compile("Back to the list")).click()
    expect(page.get_by_role("link", name=reference)).to_have_count(0)
    page.goto("/clinic/responses/print")
    eye.look("nothing ticked")
    assert not eye.faults, "\n".join(eye.faults)
    check_html(eye.pages)


def test_ticked_responses_are_printed_together(server: Server, reviewer: Page) -> None:
    sent = [Correspondent(server, name=f"Person {number}").send() for number in range(3)]
    reviewer.goto("/clinic/responses")
    for reference in sent[:2]:
        reviewer.get_by_role("checkbox", name=f"Print {reference}").check()
    # What pressing the button asks for; the browser's own viewer would ask for files of its own
    form = reviewer.locator("form", has=reviewer.get_by_role("button", name="Print the ticked ones"))
    query = form.evaluate("form => form.action + '?' + new URLSearchParams(new FormData(form))")
    pages = fetch_pages(reviewer, query)
    text = "\n".join(pages)
    assert all(page.strip() for page in pages)
    assert [name in text for name in ("Person 0", "Person 1", "Person 2")] == [True, True, False]
    # It comes in a window of its own: the ticks are there for what is done next
    open_paper(reviewer, "Print the ticked ones")
    expect(reviewer.locator(".pick input:checked")).to_have_count(2)


def open_paper(page: Page, button: str) -> None:
    """Press a button that opens a PDF beside this page; no viewer is there to show it."""
    page.context.route(PAPER, lambda route: route.abort())
    with page.context.expect_page() as opened:
        page.get_by_role("button", name=button).click()
    opened.value.close()


def test_an_unsaved_note_stays_beside_paper_and_is_not_left_behind_unasked(server: Server, open_page: OpenPage) -> None:
    reference = Correspondent(server).send()
    page = open_page(server.url)
    sign_in(page, Role.REVIEWER)
    page.goto(f"/clinic/responses/{reference}")
    page.get_by_label("Note on the whole").fill(NOTE)
    open_paper(page, "PDF, Letter")
    expect(page.get_by_label("Note on the whole")).to_have_value(NOTE)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_label("Note on the whole")).to_have_value(NOTE)
    assert asked == ["beforeunload"]
    # What is sent is taken along, and leaves nothing to ask about
    page.get_by_role("button", name="Save the notes").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Responses")
    assert asked == ["beforeunload"]


def test_two_reviewers_collide(server: Server, reviewer: Page, open_page: OpenPage, axe: RunAxe) -> None:
    # Given two people who have the same response open
    reference = Correspondent(server).send()
    other = open_page(server.url)
    sign_in(other, Role.REVIEWER, Role.ADMINISTRATOR)
    for page in (reviewer, other):
        page.goto(f"/clinic/responses/{reference}")
    # When one marks it reviewed, and the other presses a moment later
    other.get_by_role("button", name="Mark reviewed").click()
    reviewer.get_by_label("Note on the whole").fill(NOTE)
    open_note_beside(reviewer, "Beside the heart")
    reviewer.get_by_role("button", name="Take it for review").click()
    # Then they are told who was first and what was done, before anything else, and have all they typed
    expect(reviewer.get_by_text("Demonstration lead was first: marked reviewed")).to_be_focused()
    expect(reviewer.get_by_label("Note on the whole")).to_have_value(NOTE)
    expect(reviewer.locator("#note-heart-disease")).to_have_value("Beside the heart")
    expect(reviewer.locator("#note-heart-disease")).to_be_visible()
    # And can go on from there, and so can whoever was first, when the other presses again
    reviewer.get_by_role("button", name="Save the notes").click()
    expect(reviewer.locator(".rail").get_by_text("since Monday")).to_be_visible()
    other.goto(f"/clinic/responses/{reference}")
    reviewer.get_by_role("button", name="Take it up again").click()
    other.get_by_label("Note on the whole").fill("Lead’s note")
    other.get_by_role("button", name="Take it up again").click()
    expect(other.get_by_text("Demonstration reviewer was first: taken up again")).to_be_focused()
    expect(other.get_by_label("Note on the whole")).to_have_value("Lead’s note")
    assert not axe(other)


def test_a_correction_arrives_while_somebody_reads(server: Server, reviewer: Page) -> None:
    patient = Correspondent(server)
    reference = patient.send()
    reviewer.goto(f"/clinic/responses/{reference}")
    patient.send(heart_disease=Coded(("yes",)))
    reviewer.get_by_role("button", name="Mark reviewed").click()
    expect(reviewer.get_by_text("A newer version came in while you had this open")).to_be_focused()
    expect(reviewer.get_by_text("What changed since version 1")).to_be_visible()


def test_a_session_ends_mid_note_and_nothing_typed_is_lost(server: Server, reviewer: Page) -> None:
    # Given somebody who writes for longer than a session may rest
    reference = Correspondent(server).send()
    reviewer.goto(f"/clinic/responses/{reference}")
    reviewer.get_by_label("Note on the whole").fill(NOTE)
    open_note_beside(reviewer, "Beside the heart")
    let_sessions_rest(server)
    reviewer.get_by_role("button", name="Mark reviewed").click()
    # When they sign in again
    expect(reviewer.get_by_text("What you typed is kept")).to_be_visible()
    reviewer.locator('button[name="as"][value="reviewer"]').click()
    # Then all of it stands there, and nothing was done meanwhile
    expect(reviewer.get_by_role("heading", level=1)).to_have_text(f"Response {reference}")
    expect(reviewer.get_by_label("Note on the whole")).to_have_value(NOTE)
    expect(reviewer.locator("#note-heart-disease")).to_have_value("Beside the heart")
    expect(reviewer.locator(".state")).to_contain_text("New")
    reviewer.get_by_role("button", name="Mark reviewed").click()
    expect(reviewer.get_by_role("heading", level=1)).to_have_text(f"Response {reference} is reviewed")


def test_a_review_by_keyboard_alone(server: Server, reviewer: Page) -> None:
    reference = Correspondent(server).send()
    Correspondent(server, name="Bo Chen").send()
    typist = Typist(reviewer)
    reviewer.goto("/clinic/responses")
    typist.tab_to("#name")
    reviewer.keyboard.type("Ruiz")
    typist.press_and_go()
    typist.tab_to(".list tbody th a")
    typist.press_and_go()
    typist.tab_to(f"{BESIDE} summary >> nth=0")
    reviewer.keyboard.press("Enter")
    typist.tab_to("#note-heart-disease")
    reviewer.keyboard.type("Beside the heart")
    typist.tab_to("#note")
    reviewer.keyboard.type("On the whole")
    typist.tab_to('[name="action"][value="complete"]')
    typist.press_and_go()
    expect(reviewer.get_by_role("heading", level=1)).to_have_text(f"Response {reference} is reviewed")
    typist.tab_to('form[action$="/next/claim"] button')
    typist.press_and_go()
    expect(reviewer.locator(".facts")).to_contain_text("Bo Chen")


def test_keys_move_through_the_list_and_can_be_turned_off(server: Server, open_page: OpenPage) -> None:
    sent = [Correspondent(server, name=f"Person {number}").send() for number in range(3)]
    page = open_page(server.url)
    sign_in(page, Role.REVIEWER)
    page.goto("/clinic/responses")
    expect(page.locator(".keys")).to_contain_text("j next, k previous, Enter opens")
    for key, number in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=sent[number])).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Response {sent[1]}")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Mark reviewed")).to_be_focused()
    # A letter that is typed is a letter
    page.get_by_label("Note on the whole").press_sequentially("jkr")
    expect(page.get_by_label("Note on the whole")).to_have_value("jkr")
    # And whoever speaks to their computer turns them off, also for the next page (WCAG 2.2, 2.1.4)
    page.get_by_role("button", name="Turn them off").click()
    page.goto("/clinic/responses")
    page.keyboard.press("j")
    expect(page.locator(".list a:focus")).to_have_count(0)
    page.get_by_role("button", name="Turn them on").click()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=sent[0])).to_be_focused()
    # And one after the other is read without a pointer: r and Enter, again and again
    page.keyboard.press("Enter")
    for button, heading in (
        ("Mark reviewed", f"Response {sent[0]} is reviewed"),
        ("Take the next one", f"Response {sent[1]}"),
    ):
        expect(page.locator("[data-key=r]")).to_have_text(button)
        page.keyboard.press("r")
        expect(page.get_by_role("button", name=button)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_tools_for_one_persons_data(
    screen: str, server: Server, open_page: OpenPage, axe: RunAxe, check_html: CheckHtml
) -> None:
    reference = Correspondent(server).send()
    page = open_page(server.url, SCREENS[screen])
    eye = open_eye(page, axe, screen)
    sign_in(page, Role.REVIEWER, Role.ADMINISTRATOR)
    for tool in ("correct", "give-out", "hold", "restrict", "erase"):
        page.goto(f"/clinic/responses/{reference}/{tool}")
        eye.look(tool)
        page.get_by_role("button", name="Go on").click()
        expect(page).to_have_title(re.compile("^Error: "))
        eye.look(f"{tool}: nothing chosen")
    page.get_by_label("The patient asked for it").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erase for ever?")
    eye.look("erase: second page")
    page.get_by_role("button", name="Yes, erase for ever").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erased")
    eye.look("erased")
    page.goto("/clinic/responses?order=newest")
    eye.look("list: nothing fits")
    page.goto("/clinic/responses")
    expect(page.get_by_text("Nothing waits to be read")).to_be_visible()
    eye.look("list: empty")
    assert not eye.faults, "\n".join(eye.faults)
    check_html(eye.pages)


def test_the_browsers_own_print_has_the_answers_and_no_button(server: Server, open_page: OpenPage) -> None:
    reference = Correspondent(server).send()
    page = open_page(server.url)
    sign_in(page, Role.REVIEWER)
    page.goto(f"/clinic/responses/{reference}")
    pages = [each.extract_text() for each in PdfReader(BytesIO(page.pdf(format="Letter"))).pages]
    text = "\n".join(pages)
    for words in (reference, "Ana María Ruiz", "with “tea”", "Face sheet"):
        assert words in text
    for words in ("Mark reviewed", "Sign out", "Why asked", "Give out", "Keys:"):
        assert words not in text
    assert all(each.strip() for each in pages)
