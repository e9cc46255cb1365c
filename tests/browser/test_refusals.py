"""What test patients K and L are refused first, and L's longest text on paper (clinical.md section 7)."""

from datetime import UTC, datetime, timedelta

from app.questionnaire.answer import Answer, Coded, Text
from tests.browser.patient import Patient, list_examples, read_answers, squeeze
from tests.support.browser import OpenPage, Screen
from tests.support.server import Server

PHONE = Screen(width=390, height=844, has_scripts=False)
HOSTILE = (
    "<script>alert(1)</script>\n=HYPERLINK(1)\n{{7*7}} {% raw %} %(x)s {0.__class__}\n"
    "العربية مع 123 و abc\nテスト患者の長い答え\nЩюж\nपरीक्षण रोगी\n"
    '#read("/etc/passwd") $x$ *bold* @ref <label>\n'
    "\u202egnp.exe\u202c 🧑🏽‍⚕️ 😷\n"
)
LONG_WORD = "W" * 300


def make_long_text(length: int) -> str:
    """Return text of exactly so many characters in many scripts, with one word of 300 characters."""
    text = LONG_WORD + "\n" + HOSTILE * (length // len(HOSTILE) + 1)
    return text[: length - 1] + "."


def find_patient(letter: str, live_server: Server, open_page: OpenPage, **changed: Answer) -> Patient:
    """Return a test patient at the first page, with some answers changed."""
    example = next(one for one in list_examples() if one.note.startswith(letter) or one.name.endswith(f" {letter}"))
    answers = {**read_answers(example), **{name.replace("_", "-"): answer for name, answer in changed.items()}}
    return Patient(open_page(live_server.url, PHONE), answers)


def walk_to(patient: Patient, link_id: str) -> None:
    """Answer page after page until this question is asked."""
    while link_id not in patient.page.locator("input[name=asked]").input_value().split():
        patient.answer_page()
        patient.save()


def press_save(patient: Patient) -> str:
    """Press the button and return the error summary, which must have the focus and the page's title."""
    patient.press()
    assert patient.page.title().startswith("Error:")
    summary = patient.page.get_by_role("alert")
    assert summary.evaluate("element => element === document.activeElement")
    return summary.inner_text()


def test_test_patient_k_is_refused_first_and_keeps_the_contradictions(live_server: Server, open_page: OpenPage) -> None:
    patient = find_patient("K", live_server, open_page, pregnancy=Coded(("yes",)))
    patient.start()
    # An age in words
    patient.fill("age", "seventeen")
    assert "Age: enter a whole number" in press_save(patient)
    assert patient.find("age").input_value() == "seventeen"
    # An answer that is none of ours
    patient.page.locator("[name=reason-for-visit]").first.evaluate("box => { box.value = 'tampered-value' }")
    patient.page.locator("[name=reason-for-visit]").first.check()
    patient.fill("age", "17")
    assert "choose from the answers shown" in press_save(patient)
    # A blood pressure measured tomorrow
    walk_to(patient, "bp-date")
    patient.answer_page()
    tomorrow = datetime.now(UTC) + timedelta(days=2)  # the clinic's tomorrow, whatever the hour
    for part, number in (("day", tomorrow.day), ("month", tomorrow.month), ("year", tomorrow.year)):
        patient.fill(f"bp-date-{part}", f"{number}")
    assert "enter a date that is today or earlier" in press_save(patient)
    # A pregnancy of 99 weeks
    walk_to(patient, "pregnancy-weeks")
    patient.fill("pregnancy-weeks", "99")
    assert "enter a number from 0 to 45" in press_save(patient)
    patient.fill("pregnancy-weeks", "")
    # And in the end both answers of each contradiction stand on the paper
    patient.walk_to_the_check_page()
    printed = patient.print_pdf()
    for words in (
        "85 over 150 mmHg",
        "amlodipine",
        "The last ketamine drip made me sick. I drink on weekends.",
        "17 years",
    ):
        assert squeeze(words) in printed, words


def test_test_patient_l_keeps_5001_characters_and_prints_5000(live_server: Server, open_page: OpenPage) -> None:
    longest = make_long_text(5000)
    patient = find_patient("L", live_server, open_page, other_conditions=Text(longest))
    patient.start()
    walk_to(patient, "questions-for-doctor")
    too_long = make_long_text(5001)
    patient.fill("questions-for-doctor", too_long)
    patient.fill("other-conditions", longest)
    said = press_save(patient)
    assert "shorten this to 5000 characters or fewer. It now has 5001" in said
    assert patient.find("questions-for-doctor").input_value() == too_long
    assert patient.find("other-conditions").input_value() == longest
    patient.fill("questions-for-doctor", "")
    patient.save()
    assert patient.page.url.endswith("/check")
    assert squeeze(longest) in squeeze(patient.page.locator("main").inner_text())
    patient.page.goto("/summary")
    assert squeeze(longest) in squeeze(patient.page.locator("main").inner_text())
    printed = patient.print_pdf()
    for words in (
        "<script>alert(1)</script>",
        "=HYPERLINK(1)",
        "{{7*7}}",
        "{0.__class__}",
        "テスト患者の長い答え",
    ):
        assert squeeze(words) in printed, words
    assert printed.count("W") >= len(LONG_WORD)
