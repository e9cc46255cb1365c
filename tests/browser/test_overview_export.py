"""A reviewer looks at how work goes and takes responses out as a file; on a phone, without a script and by axe."""

import csv
import io
import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.storage.people import Role
from tests.browser.staff import sign_in
from tests.support.axe import RunAxe
from tests.support.browser import DESKTOP, PHONE, OpenPage, Screen
from tests.support.server import COMMAND, Server, StartServer

PAGES = ("/clinic/overview", "/clinic/export")
SCREENS = {
    "desktop": DESKTOP,
    "phone": PHONE,
    "dark": Screen(is_dark=True),
    "forced": Screen(is_forced_colors=True),
}


@pytest.fixture(scope="module")
def demonstration(start_shared_server: StartServer) -> Server:
    server = start_shared_server()
    settings = {"FOREWORD_DEMO": "1", "FOREWORD_DATA": str(server.data), "PATH": os.environ["PATH"]}
    subprocess.run([COMMAND, "demo", "--responses", "80"], env=settings, check=True, capture_output=True)
    return server


def download(page: Page, folder: Path) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Make the file").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""), strict=True))


def test_a_reviewer_exports_and_the_file_opens_and_ends_with_its_count(
    demonstration: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    # Given a reviewer who came to the export page from the list
    page = open_page(demonstration.url)
    sign_in(page, Role.REVIEWER)
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Export")
    # When they change nothing
    lines = download(page, tmp_path)
    # Then the file names nobody and ends with its number of rows
    assert lines[-1][:2] == ["#rows", "80"]
    assert "response.name" not in lines[0]
    # When they ask for names, and only for what is new, for Excel
    page.get_by_label("Names, dates of birth, contacts, and appointments").check()
    page.get_by_label("New").check()
    page.get_by_label("CSV for Excel").check()
    # Then these are in it
    lines = download(page, tmp_path)
    named = lines[0].index("response.name")
    assert 0 < int(lines[-1][1]) < 80
    assert {line[lines[0].index("response.state")] for line in lines[2:-1]} == {"new"}
    assert all(line[named].startswith("Test ") for line in lines[2:-1])


def test_it_works_on_a_phone_without_a_script(demonstration: Server, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(demonstration.url, Screen(width=320, height=568, has_scripts=False))
    sign_in(page, Role.REVIEWER)
    page.goto("/clinic/export")
    page.get_by_label("Answers about pregnancy").check()
    assert "pregnancy" in download(page, tmp_path)[0]
    page.goto("/clinic/overview")
    page.locator("figure").filter(has_text="Responses a week").get_by_text("Show as a table").click()
    expect(page.get_by_role("columnheader", name="Week of")).to_be_visible()


def test_the_tables_say_what_the_plots_draw(demonstration: Server, open_page: OpenPage) -> None:
    page = open_page(demonstration.url)
    sign_in(page, Role.REVIEWER, Role.ADMINISTRATOR)
    page.goto("/clinic/overview")
    states = page.locator("figure").filter(has_text="States now")
    states.get_by_text("Show as a table").click()
    counts = [int(text) for text in states.locator("td").all_inner_texts()]
    assert sum(counts) == 80
    widths = [float(str(bar.get_attribute("width")).removesuffix("%")) for bar in states.locator("rect").all()]
    drawn = [count for count in counts if count]
    assert [round(count / max(drawn) * 80) for count in drawn] == [round(width) for width in widths]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    demonstration: Server, open_page: OpenPage, axe: RunAxe, address: str, screen: str
) -> None:
    page = open_page(demonstration.url, SCREENS[screen])
    sign_in(page, Role.REVIEWER)
    page.goto(address)
    for summary in page.locator("summary").all():
        summary.click()
    assert not axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
