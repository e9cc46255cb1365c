"""The work list: oldest open first, found by filters, turned page by page, and nothing hidden by something broken."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from app.desk.doctor import examine
from app.questionnaire.answer import Coded
from app.storage.editions import record_edition
from app.storage.engine import begin_write
from app.storage.people import Role
from app.storage.tables import RESPONSE_VERSIONS, RESPONSES
from app.storage.worklist import PAGE
from app.vault.reference import format_reference, parse_reference
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.review_steps import act, list_rows, use_tool
from tests.web.clinic.sender import Sender, find_services, find_stored, list_acts, read_log
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor


@pytest.fixture
def reviewer(sign_in: SignIn) -> Visitor:
    """Sign in as a reviewer."""
    return sign_in(Role.REVIEWER)


def send_many(app: Flask, clock: Clock, count: int) -> list[str]:
    """Have so many people send, one a minute."""
    return [Sender(app, clock, name=f"Test Person {number}").send() for number in range(count)]


def test_an_empty_list_says_what_will_stand_there(reviewer: Visitor) -> None:
    page = reviewer.get("/clinic/responses")
    assert "Nothing waits to be read" in page.text
    assert list_rows(reviewer) == []


def test_what_is_open_stands_there_the_oldest_first(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    first, second, third = send_many(app, clock, 3)
    act(reviewer, second, "complete")
    page = reviewer.get("/clinic/responses")
    assert list_rows(reviewer) == [first, third]
    assert "2 responses, oldest first" in page.text


def test_a_row_says_who_it_is_and_where_it_stands(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    reference = Sender(app, clock).send()
    due = (clock.now + timedelta(days=2)).date()
    act(reviewer, reference, "call", call_on=due.isoformat())
    text = reviewer.get("/clinic/responses").text
    for words in ("Ana María Ruiz", "Jan 9, 2027", "Needs a call by", "Demonstration reviewer", reference):
        assert words in text


def test_a_row_has_one_link_which_is_the_name_with_the_reference(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    first, second = send_many(app, clock, 2)
    reviewer.get("/clinic/responses")
    assert reviewer.last is not None
    rows = re.findall(r"<tr>.*?</tr>", reviewer.last.text, re.DOTALL)[1:]
    for number, (reference, row) in enumerate(zip((first, second), rows, strict=True)):
        [(address, words)] = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', row)
        assert address == f"/clinic/responses/{reference}"
        assert re.sub(r"<[^>]*>", "", words) == f"Test Person {number} {reference}"


def test_names_are_escaped_and_keep_their_own_direction(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    Sender(app, clock, name="<script>דוד</script>").send()
    reviewer.get("/clinic/responses")
    assert reviewer.last is not None
    assert '<b dir="auto">&lt;script&gt;דוד&lt;/script&gt;</b>' in reviewer.last.text


def test_a_marked_answer_is_told_in_words_and_moves_nothing(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    # clinical.md 1D (6): order by time received, plain words, no class of its own
    first = Sender(app, clock, name="First").send()
    marked = Sender(app, clock, name="Second").send(suicidal_thoughts=Coded(("yes",)))
    text = reviewer.get("/clinic/responses").text
    assert list_rows(reviewer) == [first, marked]
    assert text.count("Your clinic has this answer marked: ") == 1
    assert reviewer.last is not None
    rows = re.findall(r"<tr>.*?</tr>", reviewer.last.text, re.DOTALL)[1:]
    plain = [re.sub(r"<small>.*?</small>", "", row) for row in rows]
    bare = [re.sub(r"(?<=>)[^<]+|(?<=value=\")[^\"]+|(?<=href=\")[^\"]+", "", row) for row in plain]
    assert bare[0] == bare[1]


def test_the_pages_hold_every_response_once_also_when_more_come_in(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    # UA-77: by keyset, so that what comes in or is reviewed meanwhile moves nobody from one page to the other
    sent = send_many(app, clock, PAGE + 3)
    reviewer.get("/clinic/responses")
    first = list_rows(reviewer)
    (following,) = {link for link in reviewer.document.links if "after=" in link}
    Sender(app, clock, name="Late").send()
    act(reviewer, first[0], "complete")
    page = reviewer.get(following)
    assert f"{PAGE + 3} responses, oldest first" in page.text
    second = list_rows(reviewer)
    assert first == sent[:PAGE]
    assert second[:3] == sent[PAGE:]
    assert len(second) == 4
    (back,) = {link for link in reviewer.document.links if "before=" in link}
    reviewer.get(back)
    # What stood before is less than a page now: it is filled up from behind, and nothing is left out
    assert list_rows(reviewer) == [*sent[1:], *second[3:]][:PAGE]


def test_no_more_than_a_thousand_are_counted(reviewer: Visitor) -> None:
    from app.web.clinic.listing import say_count  # noqa: PLC0415  words, without a page of a thousand rows

    with reviewer.client.application.test_request_context("/clinic/responses", base_url=ORIGIN):
        assert (say_count(1), say_count(1000), say_count(1001)) == (
            "1 response",
            "1000 responses",
            "More than 1,000 responses",
        )


def test_filters_are_combined_in_one_address(app: Flask, clock: Clock, sign_in: SignIn) -> None:
    earlier = Sender(app, clock, name="Early").send(heart_disease=Coded(("yes",)))
    clock.advance(days=3)
    unsure = Sender(app, clock, name="Late").send(heart_disease=Coded(("not-sure",)))
    plain = Sender(app, clock, name="Plain").send()
    reviewer = sign_in(Role.REVIEWER)
    act(reviewer, unsure, "claim")
    today = (clock.now - timedelta(hours=20)).date().isoformat()
    # The questions that were answered with something else than No
    reviewer.get("/clinic/responses?item=heart-disease")
    assert list_rows(reviewer) == [earlier, unsure]
    reviewer.get(f"/clinic/responses?item=heart-disease&since={today}")
    assert list_rows(reviewer) == [unsure]
    reviewer.get(f"/clinic/responses?item=heart-disease&since={today}&state=new")
    assert list_rows(reviewer) == []
    reviewer.get(f"/clinic/responses?since={today}&state=new")
    assert list_rows(reviewer) == [plain]
    reviewer.get(f"/clinic/responses?until={(clock.now - timedelta(days=2)).date().isoformat()}")
    assert list_rows(reviewer) == [earlier]
    stored = find_stored(app, plain)
    assert stored is not None
    reviewer.get(f"/clinic/responses?edition={stored.edition_hash}&order=newest")
    assert list_rows(reviewer) == [plain, unsure, earlier]
    reviewer.get(f"/clinic/responses?edition={'0' * 64}")
    assert list_rows(reviewer) == []


def test_mine_are_those_i_have(app: Flask, clock: Clock, reviewer: Visitor, sign_in: SignIn) -> None:
    mine, other, _ = send_many(app, clock, 3)
    act(reviewer, mine, "claim")
    act(sign_in(Role.REVIEWER, Role.ADMINISTRATOR), other, "claim")
    reviewer.get("/clinic/responses")
    (link,) = {link for link in reviewer.document.links if "who=" in link}
    reviewer.get(link)
    assert list_rows(reviewer) == [mine]


@pytest.mark.parametrize(
    "query", ["state=urgent", "since=yesterday", "find=AAAA", "reference=12345", "after=x.y", "before=1.0"]
)
def test_an_address_that_cannot_be_read_widens_nothing(reviewer: Visitor, query: str) -> None:
    reviewer.get(f"/clinic/responses?{query}")
    assert reviewer.status == 404


def test_a_swapped_row_and_a_flipped_bit_are_named_and_hide_no_other(
    app: Flask, clock: Clock, reviewer: Visitor
) -> None:
    # S13
    first, second, flipped, fine = send_many(app, clock, 4)
    versions = RESPONSE_VERSIONS.c
    with begin_write(find_services(app).engine) as connection:
        rows = {row.reference: row for row in connection.execute(RESPONSE_VERSIONS.select())}
        one, other, broken = (rows[parse_reference(reference)] for reference in (first, second, flipped))
        turned = broken.sealed[:-1] + bytes([broken.sealed[-1] ^ 1])
        for row_id, sealed in ((one.id, other.sealed), (other.id, one.sealed), (broken.id, turned)):
            connection.execute(update(RESPONSE_VERSIONS).where(versions.id == row_id).values(sealed=sealed))
    text = reviewer.get("/clinic/responses").text
    assert list_rows(reviewer) == [first, second, flipped, fine]
    assert text.count("Cannot be opened. Tell your administrator.") == 3
    assert "Test Person 3" in text
    assert "Test Person 0" not in text
    # And its page says so, has no answer, and cannot be marked reviewed
    page = reviewer.get(f"/clinic/responses/{flipped}")
    assert "Version 1 cannot be opened" in page.text
    assert "Mark reviewed" not in page.text
    assert list_acts(app, flipped)[-1] == ("response.opened", "unreadable")
    act(reviewer, flipped, "complete")
    assert reviewer.status == 422
    assert list_acts(app, flipped)[-2] == ("response.reviewed", "incomplete")
    seen = read_log(app, action="list.viewed")[-1]
    assert (seen.event.about["rows"], seen.event.about["unreadable"]) == (4, 3)


def test_each_look_is_one_entry_without_a_word_of_what_was_there(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    Sender(app, clock).send()
    before = len(read_log(app))
    reviewer.get("/clinic/responses")
    reviewer.get("/clinic/responses?item=heart-disease")
    new = read_log(app)[before:]
    assert [entry.event.action for entry in new] == ["response.received", "list.viewed", "list.searched"]
    assert new[2].event.about["by"] == "item"
    assert "Ruiz" not in repr(new)


def test_taking_the_next_one_takes_the_one_that_waited_longest(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    first, second = send_many(app, clock, 2)
    for reference in (first, second):
        reviewer.get("/clinic/responses")
        reviewer.post(form=reviewer.find_form("/clinic/responses/next/claim"))
        assert reviewer.path == f"/clinic/responses/{reference}"
        stored = find_stored(app, reference)
        assert stored is not None
        assert stored.owner
    reviewer.get("/clinic/responses")
    reviewer.post(form=reviewer.find_form("/clinic/responses/next/claim"))
    assert reviewer.path == "/clinic/responses"


def test_what_is_restricted_is_not_in_the_list_unless_somebody_who_may_asks(
    app: Flask, clock: Clock, reviewer: Visitor, sign_in: SignIn
) -> None:
    hidden, shown = send_many(app, clock, 2)
    lead = sign_in(Role.REVIEWER, Role.ADMINISTRATOR)
    use_tool(lead, hidden, "restrict", reason="patient-asked")
    lead.post(form=lead.find_form(f"/clinic/responses/{hidden}/restrict"))
    for visitor in (reviewer, lead):
        visitor.get("/clinic/responses")
        assert list_rows(visitor) == [shown]
    lead.get("/clinic/responses?restricted=shown")
    assert list_rows(lead) == [hidden, shown]
    reviewer.get("/clinic/responses?restricted=shown")
    assert reviewer.status == 403
    page = reviewer.get(f"/clinic/responses/{hidden}")
    assert (reviewer.status, "Test Person" in page.text) == (403, False)
    assert list_acts(app, hidden)[-1] == ("response.opened", "refused")


def test_a_day_of_a_filter_is_a_day_at_the_clinic(app: Flask, clock: Clock, sign_in: SignIn) -> None:
    # Half past midnight in UTC is the evening before in Chicago
    clock.now = clock.now.replace(hour=0, minute=30) + timedelta(days=1)
    today = clock.now.date()
    reference = Sender(app, clock).send()
    reviewer = sign_in(Role.REVIEWER)
    reviewer.get(f"/clinic/responses?since={today}")
    assert list_rows(reviewer) == []
    yesterday = today - timedelta(days=1)
    reviewer.get(f"/clinic/responses?since={yesterday}&until={yesterday}")
    assert list_rows(reviewer) == [reference]


@pytest.mark.parametrize(
    "strange",
    [
        {"edition_hash": "f" * 64},
        {"version": 0},
        {"review_status": "x"},
        {"review_status": "on-hold", "call_on": "tomorrow"},
    ],
)
def test_what_somebody_else_wrote_into_the_database_hides_no_response(
    app: Flask, clock: Clock, reviewer: Visitor, strange: dict[str, object]
) -> None:
    # Given what the database user of patients' pages may add: an edition that nobody can read, and a row that is odd
    ours = Sender(app, clock).send()
    odd = add_strange(app, clock, strange)
    # Then the list stands at every look, with the other one in it, which was taken in
    for _ in range(2):
        reviewer.get("/clinic/responses")
        assert reviewer.status == 200
        assert ours in list_rows(reviewer)
    assert list_acts(app, ours) == [("response.received", "done")]
    assert len(list_acts(app, odd)) <= 1


def add_strange(app: Flask, clock: Clock, strange: dict[str, object]) -> str:
    """Add an edition that nobody can read, and a copy of the one response with something else in it."""
    odd = "0" * 10
    with begin_write(find_services(app).engine) as connection:
        record_edition(connection, "f" * 64, "{}", language="en", title="Newer", now=clock.now)
        for table, own in ((RESPONSES, {"receipt_hash": odd}), (RESPONSE_VERSIONS, {"id": odd})):
            row = dict(connection.execute(select(table)).mappings().one())
            known = {name: value for name, value in strange.items() if name in row}
            connection.execute(insert(table), {**row, **own, "reference": odd, **known})
    return format_reference(odd)


def test_what_only_a_newer_program_can_read_stands_in_the_list_and_waits(
    app: Flask, clock: Clock, reviewer: Visitor
) -> None:
    # Given what came in through a newer program, in the middle of an update
    ours = Sender(app, clock).send()
    newer = add_strange(app, clock, {"edition_hash": "f" * 64})
    # Then it stands in the list, and its page says what it waits for
    text = reviewer.get("/clinic/responses").text
    assert sorted(list_rows(reviewer)) == sorted([ours, newer])
    assert text.count("Cannot be opened yet. Tell your administrator.") == 1
    page = reviewer.get(f"/clinic/responses/{newer}")
    assert "Version 1 cannot be opened yet: its key is not here, or this program has to be updated." in page.text
    # And no entry says that it was received and did not open
    assert list_acts(app, newer) == [("response.opened", "unreadable")]


def test_a_state_that_nobody_knows_is_told_on_its_page_and_by_the_doctor_and_stops_nobody(
    app: Flask, clock: Clock, reviewer: Visitor
) -> None:
    # Given two responses of one person, and a newer program's state in the row of one
    ours, odd = (Sender(app, clock).send() for _ in range(2))
    reviewer.get("/clinic/responses")
    with begin_write(find_services(app).engine) as connection:
        of_odd = RESPONSES.c.reference == parse_reference(odd)
        connection.execute(update(RESPONSES).where(of_odd).values(review_status="entered-in-error"))
    # Then its page says so, has the answers, and offers no other state
    page = reviewer.get(f"/clinic/responses/{odd}")
    assert reviewer.status == 200
    assert "This response is in a state that this program does not know, and stands in no list." in page.text
    assert "Ana María Ruiz" in page.text
    assert "A state that this program does not know" in page.text
    for words in ("Mark reviewed", "Take it for review", "Needs a call"):
        assert words not in page.text
    act(reviewer, odd, "note", note="Seen.")
    assert list_acts(app, odd)[-2:] == [("response.noted", "done"), ("response.opened", "done")]
    act(reviewer, odd, "claim")  # as from a page that was opened before
    assert reviewer.status == 409
    # And the list and the page of the same person's other one are there
    reviewer.get("/clinic/responses")
    assert list_rows(reviewer) == [ours]
    assert "Mark reviewed" in reviewer.get(f"/clinic/responses/{ours}").text
    services = find_services(app)
    parts = {part.name: part.findings for part in examine(services.settings, services.engine, clock.now)}
    assert "1 responses are in a state that this program does not know" in str(parts["Intake"][0])
