"""Searching by name, birth and reference: by equality of sealed words, never readable in an address (D-11)."""

from base64 import urlsafe_b64decode
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from app.questionnaire.answer import Coded
from app.storage.people import Role
from app.storage.worklist import PAGE
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.filled import fill
from tests.web.clinic.review_steps import act, list_rows, use_tool
from tests.web.clinic.sender import Sender, read_log
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor


@pytest.fixture
def reviewer(sign_in: SignIn) -> Visitor:
    """Sign in as a reviewer."""
    return sign_in(Role.REVIEWER)


def search(visitor: Visitor, **typed: str | list[str]) -> str:
    """Send the form above the list and return the address it leads to."""
    visitor.get("/clinic/responses")
    visitor.post(typed, form=visitor.find_form("/clinic/responses"))
    assert visitor.last is not None
    return visitor.last.request.full_path


@pytest.mark.parametrize("typed", ["Ruiz", "ana", "RUIZ  ana", "maria", "Ana Maria Ruiz", "María"])
def test_a_name_is_found_by_its_words_however_they_are_typed(
    app: Flask, clock: Clock, reviewer: Visitor, typed: str
) -> None:
    found = Sender(app, clock).send()
    Sender(app, clock, name="Bo Chen").send()
    search(reviewer, name=typed)
    assert list_rows(reviewer) == [found]


@pytest.mark.parametrize("typed", ["Rui", "Ruiz Chen", "Ana Maria Ruiz Soto"])
def test_a_name_that_lacks_a_word_is_not_found_and_the_page_says_what_to_try(
    app: Flask, clock: Clock, reviewer: Visitor, typed: str
) -> None:
    Sender(app, clock).send()
    search(reviewer, name=typed)
    assert list_rows(reviewer) == []
    assert "No response fits" in reviewer.document.text
    assert "try fewer of them" in reviewer.document.text


def test_of_a_name_that_many_have_no_more_than_a_hundred_are_counted(app: Flask, reviewer: Visitor) -> None:
    fill(app, 101)  # each name begins with the same word
    everywhere = ["new", "in-review", "needs-call", "reviewed"]
    search(reviewer, name="Test", state=everywhere)
    assert len(list_rows(reviewer)) == PAGE
    assert "More than 100 responses" in reviewer.document.text
    (reference, *_) = list_rows(reviewer)
    search(reviewer, name="Test", reference=reference, state=everywhere)
    assert "1 response, oldest first" in reviewer.document.text
    reviewer.get("/clinic/responses?" + "&".join(f"state={state}" for state in everywhere))
    assert "101 responses, oldest first" in reviewer.document.text


def test_birth_name_and_reference_narrow_each_other(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    one = Sender(app, clock).send()
    twin = Sender(app, clock, name="Eva Ruiz").send(heart_disease=Coded(("yes",)))
    Sender(app, clock, birth=(1991, 5, 3)).send()
    search(reviewer, birth="1990-05-03")
    assert list_rows(reviewer) == [one, twin]
    search(reviewer, birth="1990-05-03", name="eva")
    assert list_rows(reviewer) == [twin]
    search(reviewer, birth="1990-05-03", item="heart-disease")
    assert list_rows(reviewer) == [twin]
    search(reviewer, reference=one.lower().replace("-", " "))
    assert list_rows(reviewer) == [one]
    search(reviewer, reference=one, name="Eva")
    assert list_rows(reviewer) == []


def test_an_address_holds_neither_name_nor_birth_and_finds_the_same_again(
    app: Flask, clock: Clock, reviewer: Visitor, sign_in: SignIn
) -> None:
    found = Sender(app, clock, name="Quetzalli Ruiz").send()
    address = search(reviewer, name="Quetzalli", birth="1990-05-03")
    query = parse_qs(urlsplit(address).query)
    assert set(query) == {"find"}
    for secret in ("uetzalli", "1990-05-03", "05-03"):  # nothing shorter: chance writes four digits now and then
        assert secret not in address
        assert secret.encode() not in urlsafe_b64decode(f"{query['find'][0]}===")
    # Sealed afresh each time, so that two addresses do not tell that the same was looked for
    assert search(reviewer, name="Quetzalli", birth="1990-05-03") != address
    # A bookmark works for a colleague too, and shows them what is looked for; for nobody else it opens nothing
    colleague = sign_in(Role.REVIEWER, Role.ADMINISTRATOR)
    colleague.get(address)
    assert list_rows(colleague) == [found]
    assert colleague.find_form("/clinic/responses").fields["name"] == ["Quetzalli"]
    assert colleague.find_form("/clinic/responses").fields["birth"] == ["1990-05-03"]
    turned = address[:-3] + ("AAA" if address[-3:] != "AAA" else "BBB")
    colleague.get(turned)
    assert colleague.status == 404


def test_titles_hold_no_name(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    reference = Sender(app, clock, name="Quetzalli Ruiz").send()
    search(reviewer, name="Quetzalli")
    assert "uetzalli" not in reviewer.document.title
    reviewer.get(f"/clinic/responses/{reference}")
    assert reviewer.document.title.startswith(f"Response {reference}")
    assert "uetzalli" not in reviewer.document.title


def test_the_log_says_by_what_somebody_searched_and_never_what_they_typed(
    app: Flask, clock: Clock, reviewer: Visitor
) -> None:
    Sender(app, clock).send()
    search(reviewer, name="Ruiz", birth="1990-05-03")
    (entry,) = read_log(app, action="list.searched")
    assert entry.event.about["by"] == "name birth"
    assert "uiz" not in repr(entry).casefold()
    assert "1990" not in str(entry.event)


@pytest.mark.parametrize(
    ("box", "typed", "advice"),
    [
        ("reference", "12345-6789X", "Check the reference"),
        ("name", "’’ --", "Enter at least one letter of the name"),
        ("name", "a" * 201, "Name: shorten this to 200 characters or fewer. It now has 201"),
        ("birth", "3/5/1990", "Enter the day as year, month, and day"),
        ("since", "tomorrow", "Enter the day as year, month, and day"),
        *((box, "nonsense!", "Choose one from the list") for box in ("who", "item", "edition")),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_typed_is_lost(
    app: Flask, clock: Clock, reviewer: Visitor, box: str, typed: str, advice: str
) -> None:
    Sender(app, clock).send()
    search(reviewer, **{"name": "Ruiz", box: typed})
    assert reviewer.status == 422
    assert reviewer.document.title.startswith("Error: ")
    assert reviewer.document.text.count(advice) == 2  # above the page, and beside the box
    (control,) = (one for one in reviewer.document.controls if one.get("id") == box)
    assert control["aria-describedby"] == ("name-help name-problem" if box == "name" else f"{box}-problem")
    assert f"{box}-problem" in reviewer.document.ids
    fields = reviewer.find_form("/clinic/responses").fields
    assert fields[box] == [typed]
    assert fields["name"] == [typed if box == "name" else "Ruiz"]
    assert list_rows(reviewer) == []
    (entry,) = read_log(app, action="list.searched")
    assert entry.event.outcome == "incomplete"


def test_days_the_wrong_way_round_are_told(reviewer: Visitor) -> None:
    search(reviewer, since="2026-05-03", until="2026-05-02")
    assert "Choose a last day that is not before the first" in reviewer.document.text


def test_a_search_finds_what_is_reviewed_in_one_more_step(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    reference = Sender(app, clock).send()
    act(reviewer, reference, "complete")
    search(reviewer, name="Ruiz")
    assert list_rows(reviewer) == []
    (everywhere,) = {link for link in reviewer.document.links if "find=" in link and "state=reviewed" in link}
    reviewer.get(everywhere)
    assert list_rows(reviewer) == [reference]


def test_the_year_of_birth_is_spoken_of_only_when_one_was_given(reviewer: Visitor) -> None:
    search(reviewer, name="Nobody")
    assert "year of birth" not in reviewer.document.text
    search(reviewer, birth="1990-05-03")
    assert "Check the year of birth" in reviewer.document.text
    assert "fewer of them" not in reviewer.document.text


def test_who_may_see_a_restricted_one_is_led_to_it_and_nobody_else_hears_of_it(
    app: Flask, clock: Clock, reviewer: Visitor, sign_in: SignIn
) -> None:
    reference = Sender(app, clock).send()
    lead = sign_in(Role.REVIEWER, Role.ADMINISTRATOR)
    use_tool(lead, reference, "restrict", reason="patient-asked")
    lead.post(form=lead.find_form(f"/clinic/responses/{reference}/restrict"), action="restrict")
    search(lead, reference=reference)
    assert list_rows(lead) == []
    assert "A restricted response fits" in lead.document.text
    (shown,) = {link for link in lead.document.links if "restricted=shown" in link}
    lead.get(shown)
    assert list_rows(lead) == [reference]
    search(reviewer, reference=reference)
    assert "No response fits" in reviewer.document.text
    assert "estricted" not in reviewer.document.text


def test_a_correction_is_found_by_its_new_words_and_no_more_by_the_old(
    app: Flask, clock: Clock, reviewer: Visitor
) -> None:
    patient = Sender(app, clock)
    reference = patient.send()
    search(reviewer, name="Ruiz")
    patient.name = "Ana Soto"
    assert patient.send() == reference
    search(reviewer, name="Soto")
    assert list_rows(reviewer) == [reference]
    search(reviewer, name="Ruiz")
    assert list_rows(reviewer) == []


def test_a_session_that_ends_keeps_what_was_looked_for(clock: Clock, reviewer: Visitor) -> None:
    reviewer.get("/clinic/responses")
    form = reviewer.find_form("/clinic/responses")
    clock.advance(minutes=16)
    reviewer.post({"name": "Quetzalli"}, form=form)
    assert reviewer.path == "/clinic/sign-in"
    reviewer.post({"as": "reviewer"}, form=reviewer.find_form("/clinic/demonstration"))
    assert reviewer.path == "/clinic/responses"
    assert reviewer.find_form("/clinic/responses").fields["name"] == ["Quetzalli"]


def test_a_word_for_an_address_does_not_tell_how_long_a_name_is(app: Flask) -> None:
    from app.desk.looking import Sought, seal_sought  # noqa: PLC0415  only here
    from tests.web.clinic.sender import find_services  # noqa: PLC0415

    with app.test_request_context("/clinic/responses", base_url=ORIGIN):
        desk = find_services(app).desk
        assert len(seal_sought(desk, Sought(name="A"))) == len(seal_sought(desk, Sought(name="A" * 100)))
