"""One person's data: corrected, restricted, held, given out, erased; each with a reason, a second page and an entry."""

import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pypdf
import pytest
from flask import Flask
from sqlalchemy import select, update

from app.questionnaire.answer import Coded, Text
from app.storage.engine import begin_write
from app.storage.people import Role
from app.storage.tables import NOTES, RESPONSE_VERSIONS
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.review_steps import act, list_rows, open_response, use_tool
from tests.web.clinic.sender import Sender, find_services, find_stored, list_acts, read_log
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor

WORDS = "Zygomorphic wish by phone"


@pytest.fixture
def lead(sign_in: SignIn) -> Visitor:
    """Sign in as somebody who is both reviewer and administrator."""
    return sign_in(Role.REVIEWER, Role.ADMINISTRATOR)


@pytest.fixture
def patient(app: Flask, clock: Clock) -> Sender:
    """Return somebody who has not sent yet."""
    return Sender(app, clock)


@pytest.fixture
def reference(patient: Sender) -> str:
    """Return the reference of a response that has come in."""
    return patient.send(alcohol_use=Coded(("4-plus-week",)), pregnancy=Coded(("yes",)))


def confirm(visitor: Visitor, reference: str, tool: str, button: str = "yes") -> None:
    """Press a button of the second page."""
    visitor.post(form=visitor.find_form(f"/clinic/responses/{reference}/{tool}"), action=button)


@pytest.mark.parametrize("tool", ["erase", "give-out", "restrict", "hold"])
def test_a_reviewer_alone_is_refused_and_so_is_an_administrator_alone(
    app: Flask, reference: str, sign_in: SignIn, tool: str
) -> None:
    for roles in ((Role.REVIEWER,), (Role.ADMINISTRATOR,)):
        visitor = sign_in(*roles)
        visitor.get(f"/clinic/responses/{reference}/{tool}")
        assert visitor.status == 403
    assert [entry.event.outcome for entry in read_log(app, action="page.refused")] == ["refused"] * 2
    reviewer = sign_in(Role.REVIEWER)
    assert f"/clinic/responses/{reference}/{tool}" not in open_response(reviewer, reference).links


@pytest.mark.parametrize("tool", ["erase", "restrict", "hold", "correct", "give-out"])
def test_without_a_reason_nothing_happens_and_the_try_is_an_entry(
    app: Flask, reference: str, lead: Visitor, tool: str
) -> None:
    before = find_stored(app, reference)
    page = use_tool(lead, reference, tool, chosen=reference, confirmed="yes")
    assert lead.status == 422
    assert "Choose why" in page.text
    assert find_stored(app, reference) == before
    assert list_acts(app, reference)[-1][1] == "incomplete"


@pytest.mark.parametrize("tool", ["erase", "restrict", "hold", "correct", "give-out"])
def test_a_page_with_something_missing_says_too_that_a_newer_version_came_in(
    patient: Sender, reference: str, lead: Visitor, tool: str
) -> None:
    address = f"/clinic/responses/{reference}/{tool}"
    lead.get(address)
    form = lead.find_form(address)
    patient.send(alcohol_use=Coded(("never",)))
    for is_told in (True, False):  # once: the page shows how it stands now
        page = lead.post(form=form)
        assert lead.status == 422
        assert ("This response was changed meanwhile" in page.text) == is_told
        form = lead.find_form(address)


@pytest.mark.parametrize(
    ("tool", "on", "off"),
    [("restrict", "response.restricted", "response.unrestricted"), ("hold", "response.kept", "response.unkept")],
)
def test_a_restriction_and_a_hold_begin_and_end_with_a_reason(
    app: Flask, reference: str, lead: Visitor, tool: str, on: str, off: str
) -> None:
    use_tool(lead, reference, tool, reason="law", words=WORDS)
    stored = find_stored(app, reference)
    assert stored is not None
    assert (stored.is_kept, stored.is_restricted) == (False, False)  # the first page changes nothing
    confirm(lead, reference, tool)
    stored = find_stored(app, reference)
    assert stored is not None
    assert stored.is_kept or stored.is_restricted
    assert WORDS in open_response(lead, reference).text
    use_tool(lead, reference, tool, reason="patient-asked")
    confirm(lead, reference, tool)
    stored = find_stored(app, reference)
    assert stored is not None
    assert (stored.is_kept, stored.is_restricted) == (False, False)
    entries = [entry for entry in read_log(app, reference) if entry.event.action in {on, off}]
    assert [(entry.event.action, entry.event.about["reason"]) for entry in entries] == [
        (on, "law"),
        (off, "patient-asked"),
    ]
    assert "ygomorphic" not in repr(read_log(app))


def test_erasing_takes_every_version_note_and_token_and_leaves_the_entry(
    app: Flask, patient: Sender, reference: str, lead: Visitor, tmp_path: Path
) -> None:
    patient.send(questions_for_doctor=Text("Second version"))
    act(lead, reference, "note", note=WORDS)
    page = use_tool(lead, reference, "erase", chosen=reference, reason="patient-asked")
    assert "Erase for ever?" in page.text
    assert find_stored(app, reference)
    confirm(lead, reference, "erase")
    assert find_stored(app, reference) is None
    assert reference in lead.document.text
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as database:
        for table in ("responses", "response_versions", "response_tokens", "notes"):
            assert database.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,), table  # noqa: S608  ours
    assert list_acts(app, reference)[-1] == ("response.erased", "done")
    assert read_log(app, reference)[-1].event.about == {"reason": "patient-asked"}
    open_response(lead, reference)
    assert lead.status == 404


def test_the_same_persons_other_responses_are_shown_and_can_be_erased_with_it(
    app: Flask, clock: Clock, reference: str, lead: Visitor
) -> None:
    other = Sender(app, clock, name="ANA MARIA RUIZ").send()
    stranger = Sender(app, clock, name="Bo Chen").send()
    lead.get("/clinic/responses")
    page = lead.get(f"/clinic/responses/{reference}/erase")
    assert other in page.text
    assert stranger not in page.text
    # A reference that is no choice of this page's is not erased, whoever posts it
    use_tool(lead, reference, "erase", chosen=[reference, other, stranger], reason="patient-asked")
    confirm(lead, reference, "erase")
    assert (find_stored(app, reference), find_stored(app, other)) == (None, None)
    assert find_stored(app, stranger)
    assert len(read_log(app, action="response.erased")) == 2


def test_what_is_under_legal_hold_is_not_erased(app: Flask, reference: str, lead: Visitor) -> None:
    use_tool(lead, reference, "hold", reason="law")
    confirm(lead, reference, "hold")
    page = use_tool(lead, reference, "erase", chosen=reference, reason="patient-asked")
    assert "is under legal hold" in page.text
    assert find_stored(app, reference)


def test_details_become_a_new_version_and_the_old_one_stays(app: Flask, reference: str, lead: Visitor) -> None:
    act(lead, reference, "complete")
    page = use_tool(
        lead, reference, "correct", name="Ana Soto", birth="1990-05-04", contact="", appointment="", reason="error"
    )
    assert "“Ana María Ruiz” becomes “Ana Soto”" in page.text
    confirm(lead, reference, "correct")
    assert lead.path == f"/clinic/responses/{reference}"
    text = lead.document.text
    assert "Ana Soto" in text
    assert "by Demonstration lead" in text
    assert "Ana María Ruiz" in lead.get(f"/clinic/responses/{reference}?version=1").text
    stored = find_stored(app, reference)
    assert stored is not None
    # Whoever reviewed it read the answers, and these are the same: to the patient it stays read.
    assert (stored.version, stored.review_status) == (2, "completed")
    assert stored.reviewed_at is not None
    (entry,) = read_log(app, reference, "response.corrected")
    assert entry.event.about == {"reason": "error", "what": "details"}
    lead.get("/clinic/responses")
    assert list_rows(lead) == []


def test_a_correction_of_an_answer_stands_beside_it_and_changes_nothing(
    app: Flask, reference: str, sign_in: SignIn
) -> None:
    # D-1: the answer stays as it was given
    reviewer = sign_in(Role.REVIEWER)
    page = use_tool(
        reviewer, reference, "correct", about="heart-disease", note_text="Yes, says the patient", reason="patient-asked"
    )
    assert "Yes, says the patient" in page.text
    confirm(reviewer, reference, "correct")
    assert reviewer.last is not None
    beside = reviewer.last.text.partition('id="answer-heart-disease"')[2].partition("</dd>")[0]
    assert "Correction: Demonstration reviewer" in beside
    assert "Yes, says the patient" in beside
    assert "<dd>No" in beside.replace("\n", "")
    stored = find_stored(app, reference)
    assert stored is not None
    assert stored.version == 1


def test_a_correction_of_what_somebody_else_changed_meanwhile_is_not_stored(
    app: Flask, patient: Sender, reference: str, lead: Visitor
) -> None:
    use_tool(lead, reference, "correct", name="Ana Soto", reason="error")
    patient.send(questions_for_doctor=Text("Second version"))
    form = lead.find_form(f"/clinic/responses/{reference}/correct")
    page = lead.post(form=form, action="yes")
    assert lead.status == 409
    assert "This response was changed meanwhile" in page.text
    assert lead.find_form(f"/clinic/responses/{reference}/correct").fields["name"] == ["Ana Soto"]
    assert list_acts(app, reference)[-1] == ("response.corrected", "stale")


def test_a_hold_of_what_somebody_else_changed_meanwhile_is_not_begun_and_its_words_stay(
    app: Flask, reference: str, lead: Visitor, sign_in: SignIn
) -> None:
    use_tool(lead, reference, "hold", reason="law", words=WORDS)
    form = lead.find_form(f"/clinic/responses/{reference}/hold")
    act(sign_in(Role.REVIEWER), reference, "claim")
    page = lead.post(form=form, action="yes")
    assert lead.status == 409
    assert "This response was changed meanwhile" in page.text
    again = lead.find_form(f"/clinic/responses/{reference}/hold")
    assert (again.fields["reason"], again.fields["words"]) == (["law"], [WORDS])
    stored = find_stored(app, reference)
    assert stored is not None
    assert not stored.is_kept
    # Sent again by who has seen it as it is now, it is done
    lead.post(form=again)
    confirm(lead, reference, "hold")
    stored = find_stored(app, reference)
    assert stored is not None
    assert stored.is_kept


def test_a_session_that_ends_keeps_a_correction(app: Flask, clock: Clock, reference: str, lead: Visitor) -> None:
    lead.get(f"/clinic/responses/{reference}/correct")
    form = lead.find_form(f"/clinic/responses/{reference}/correct")
    clock.advance(minutes=16)
    lead.post({"name": "Ana Soto", "reason": "error", "words": WORDS}, form=form)
    lead.post({"as": "lead"}, form=lead.find_form("/clinic/demonstration"))
    assert lead.path == f"/clinic/responses/{reference}/correct"
    fields = lead.find_form(f"/clinic/responses/{reference}/correct").fields
    assert (fields["name"], fields["words"]) == (["Ana Soto"], [WORDS])
    assert find_stored(app, reference)


def give_out(visitor: Visitor, reference: str, button: str, **chosen: str | list[str]) -> bytes:
    """Go through both pages and return the file."""
    page = use_tool(visitor, reference, "give-out", **{"chosen": reference, "reason": "patient-asked", **chosen})
    assert "Give this out?" in page.text, page.text
    form = visitor.find_form(f"/clinic/responses/{reference}/give-out")
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
    answer = visitor.client.post(form.action, data={**form.fields, "action": button}, base_url=ORIGIN, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    return bytes(answer.data)


def test_whether_protected_answers_go_with_it_is_asked_each_time(app: Flask, reference: str, lead: Visitor) -> None:
    # L-21
    page = use_tool(lead, reference, "give-out", chosen=reference, reason="patient-asked")
    assert lead.status == 422
    for what in ("alcohol, drugs, and medicines used differently", "pregnancy and breastfeeding"):
        assert page.text.count(f"Choose whether answers about {what} go with it") == 2
    assert list_acts(app, reference)[-1] == ("response.exported", "incomplete")


@pytest.mark.parametrize(
    ("tool", "typed", "faults"),
    [
        ("give-out", {"chosen": []}, {"chosen", "substance-use", "pregnancy", "reason"}),
        ("erase", {"chosen": []}, {"chosen", "reason"}),
        ("correct", {"about": "nonsense", "note-text": "a" * 10_001, "words": "a" * 10_001}, {"note-text", "words"}),
    ],
)
def test_each_fault_is_beside_the_control_that_it_is_about_and_tied_to_it(
    reference: str, lead: Visitor, tool: str, typed: dict[str, str | list[str]], faults: set[str]
) -> None:
    use_tool(lead, reference, tool, **typed)
    assert lead.status == 422
    assert lead.last is not None
    html = lead.last.text
    problems = re.findall(r'<p class="problem"(?: id="([^"]+)")?', html)
    assert {f"{name}-problem" for name in faults} <= set(problems)
    told = {word for words in re.findall(r'aria-describedby="([^"]+)"', html) for word in words.split()}
    assert set(problems) <= told


def test_what_is_given_out_for_another_program_holds_everything(
    app: Flask, patient: Sender, reference: str, lead: Visitor
) -> None:
    patient.send(questions_for_doctor=Text("Second version"))
    act(lead, reference, "note", note=WORDS, note_alcohol_use="On drinking")
    lead.get("/clinic/settings")
    lead.post({"part_2": "yes"}, form=lead.find_form("/clinic/settings"))
    given = json.loads(give_out(lead, reference, "json", substance_use="include", pregnancy="include", notes="1"))
    assert given["notice"].startswith("42 CFR part 2 prohibits")
    (response,) = given["responses"]
    assert [version["version"] for version in response["versions"]] == [1, 2]
    items = {item["linkId"]: item for item in response["versions"][1]["item"]}
    assert items["questions-for-doctor"]["answer"] == {"text": "Second version"}
    assert items["alcohol-use"]["answer"] == {"codes": ["4-plus-week"]}
    assert items["seizures"]["answer"] is None
    assert {note["text"] for note in response["notes"]} == {WORDS, "On drinking"}
    assert response["versions"][0]["patient"]["birthDate"] == "1990-05-03"
    (entry,) = read_log(app, reference, "response.exported")
    about = {"format": "json", "left_out": "", "notes": 1, "reason": "patient-asked", "unreadable": 0}
    assert entry.event.about == about


def test_what_does_not_open_is_never_left_out_in_silence(
    app: Flask, patient: Sender, reference: str, lead: Visitor
) -> None:
    # L-14: given two versions that follow another, and two notes, of which a version and a note do not open
    patient.send(questions_for_doctor=Text("Second version"))
    patient.send(questions_for_doctor=Text("Third version"))
    act(lead, reference, "note", note=WORDS, note_alcohol_use="On drinking")
    with begin_write(find_services(app).engine) as connection:
        first_note, middle = NOTES.c.id.in_(select(NOTES.c.id).limit(1)), RESPONSE_VERSIONS.c.version == 2
        connection.execute(update(NOTES).where(first_note).values(sealed=b"x" * 99))
        connection.execute(update(RESPONSE_VERSIONS).where(middle).values(sealed=b"x" * 99))
    # Then the file for another program has the rest, and says what it has not
    chosen = {"substance_use": "include", "pregnancy": "include"}
    (response,) = json.loads(give_out(lead, reference, "json", **chosen, notes="1"))["responses"]
    assert [version["version"] for version in response["versions"]] == [1, 3]
    assert (response["unreadable"], len(response["notes"])) == ({"versions": [2], "notes": 1}, 1)
    # So does the paper, and the page before it; where notes stay out, nothing is said of them
    cases: list[tuple[str | list[str], str]] = [("1", "version 2; a note of staff."), ([], "version 2.")]
    for notes, told in cases:
        paper = pypdf.PdfReader(io.BytesIO(give_out(lead, reference, "pdf", **chosen, notes=notes)))
        text = "".join(page.extract_text() for page in paper.pages)
        sentence = f"Not in this file, because it does not open: {told}"
        assert sentence in " ".join(text.split())
        assert sentence in lead.document.text
    # And the log has how many
    assert [one.event.about["unreadable"] for one in read_log(app, reference, "response.exported")] == [2, 2, 1]


@pytest.mark.parametrize("button", ["json", "pdf"])
def test_what_is_left_out_is_nowhere_in_the_file_and_the_file_says_so(
    reference: str, lead: Visitor, button: str
) -> None:
    act(lead, reference, "note", note_alcohol_use="Zygomorphic drinking", note_heart_disease="Beside the heart")
    file = give_out(lead, reference, button, substance_use="leave-out", pregnancy="leave-out", notes="1")
    if button == "pdf":
        text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file)).pages)
        assert "Why each question is asked" not in text  # W-14: it is the patient's
        assert "Left out: answers about alcohol, drugs" in text.replace("\n", " ")
    else:
        text = file.decode()
        assert json.loads(text)["leftOut"] == ["pregnancy", "substance-use"]
    assert "Ana Mar" in text
    assert "Beside the heart" in text
    for words in (
        "ygomorphic",
        "4 or more times a week",
        "4-plus-week",
        "How often do you have a drink",
        "pregnant",
        "alcohol-use",
    ):
        assert words not in text, words


def test_an_answer_of_several_that_is_left_out_is_not_among_what_changed_either(
    patient: Sender, reference: str, lead: Visitor
) -> None:
    # L-21
    patient.send(reason_for_visit=Coded(("depression-not-better", "substance-use-reason")))
    patient.send(reason_for_visit=Coded(("ptsd",)))
    chosen = {"chosen": reference, "pregnancy": "include", "notes": "1"}
    for choice in ("include", "leave-out"):
        file = give_out(lead, reference, "pdf", substance_use=choice, **chosen)
        pages = pypdf.PdfReader(io.BytesIO(file)).pages
        text = "".join("".join(page.extract_text() for page in pages).split())
        assert "Depressionthathasnotgotbetter" in text  # what changed is told, as far as it may be
        assert ("Alcoholordruguse" in text) == (choice == "include")


def test_two_responses_of_a_person_are_one_file_and_two_entries(
    app: Flask, clock: Clock, reference: str, lead: Visitor
) -> None:
    other = Sender(app, clock).send()
    lead.get("/clinic/responses")
    chosen = [reference, other]
    file = give_out(lead, reference, "pdf", chosen=chosen, substance_use="include", pregnancy="leave-out")
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file)).pages)
    assert reference in text
    assert other in text
    assert [entry.event.about["left_out"] for entry in read_log(app, action="response.exported")] == ["pregnancy"] * 2
