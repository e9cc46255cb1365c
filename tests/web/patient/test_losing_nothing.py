"""User asks 1 to 31: nothing typed is lost, doubled, or taken for another answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from tests.web.patient.conftest import Clock
from tests.web.patient.stored import read_answers
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

FIRST = "/questions/1"
OVERTAKEN = 409
UNREADABLE = 422
GONE = 410


def test_each_page_is_saved_when_it_is_posted_and_shown_again(visitor: Visitor) -> None:
    # UA-1, UA-6, UA-12, UA-15
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["chronic-pain", "ptsd"]})
    assert visitor.path != FIRST
    visitor.get(FIRST)
    fields = visitor.find_form(FIRST).fields
    assert fields["age"] == ["34"]
    assert fields["reason-for-visit"] == ["chronic-pain", "ptsd"]


def test_nothing_is_chosen_before_the_person_chooses(visitor: Visitor) -> None:
    # UA-70
    visitor.start()
    for number in range(1, 6):
        visitor.get(f"/questions/{number}")
        typed = {name for name, values in visitor.find_form().fields.items() if any(values)}
        assert typed <= {"csrf_token", "draft", "revision", "asked", "action"}


def test_a_failed_check_keeps_every_character(visitor: Visitor) -> None:
    # UA-25; design D-4
    visitor.start()
    page = visitor.post(
        {
            "age": " seventeen ",
            "reason-for-visit": "something-else",
            "reason-for-visit-something-else": '<b>"Sleep"</b>\n',
        }
    )
    # By a redirect: going back to it in a browser without a script never asks to send it again
    assert (visitor.path, visitor.status) == (FIRST, 200)
    assert visitor.last is not None
    assert [one.status_code for one in visitor.last.history] == [303]
    assert page.title.startswith("Error: ")
    fields = visitor.find_form(FIRST).fields
    assert fields["age"] == [" seventeen "]
    assert fields["reason-for-visit-something-else"][0].startswith('<b>"Sleep"</b>')
    assert page.text.count("Age: enter a whole number, using digits only") == 2  # summary and field
    assert "#age" in page.links


def test_what_could_not_be_read_is_there_after_closing_the_tab(visitor: Visitor) -> None:
    # UA-4
    visitor.start()
    visitor.post({"age": "seventeen"})
    page = visitor.get(FIRST)
    assert page.title.startswith("Error: ")
    assert visitor.find_form(FIRST).fields["age"] == ["seventeen"]
    assert "could not be read" in visitor.get("/check").text


def test_a_double_click_and_a_refresh_save_once_and_lead_on(visitor: Visitor, app: Flask) -> None:
    # UA-26, UA-28, UA-29, UA-30
    visitor.start()
    form = visitor.find_form(FIRST)
    visitor.post({"age": "34"}, form=form)
    after = visitor.path
    visitor.post({"age": "34"}, form=form)
    assert visitor.path == after
    assert visitor.status == 200
    assert len(read_answers(app, visitor)) == 1


def test_two_tabs_on_different_pages_both_keep_their_answers(visitor: Visitor, app: Flask) -> None:
    # UA-9
    visitor.start()
    first = visitor.find_form(FIRST)
    visitor.get("/questions/3")
    third = visitor.find_form()
    visitor.post({"heart-disease": "no"}, form=third)
    visitor.post({"age": "34"}, form=first)
    assert {"heart-disease", "age"} <= set(read_answers(app, visitor))


def test_two_tabs_on_the_same_page_show_both_answers_and_overwrite_nothing_unseen(visitor: Visitor, app: Flask) -> None:
    # UA-9
    visitor.start()
    stale = visitor.find_form(FIRST)
    visitor.post({"age": "34"}, form=stale)
    visitor.post({"age": "43"}, form=stale)
    assert visitor.status == OVERTAKEN
    again = visitor.find_form(FIRST)
    assert again.fields["age"] == ["43"]
    assert str(read_answers(app, visitor)["age"]).find("34") > 0
    visitor.post(form=again)
    assert str(read_answers(app, visitor)["age"]).find("43") > 0


def test_a_stale_tab_never_answers_another_question(visitor: Visitor, app: Flask) -> None:
    # UA-10: the page's own questions go with the post; others in it are ignored
    visitor.start()
    form = visitor.find_form(FIRST)
    visitor.post({"age": "34", "heart-disease": "yes"}, form=form)
    assert "heart-disease" not in read_answers(app, visitor)


def test_a_post_to_a_page_no_longer_on_the_path_is_kept_and_leads_on(visitor: Visitor, app: Flask) -> None:
    # UA-16, UA-20, UA-88
    visitor.start()
    visitor.get("/questions/3")
    visitor.post({"heart-disease": "yes"})
    follow_up = visitor.find_form()
    assert "heart-kind" in follow_up.fields["asked"][0]
    visitor.get("/questions/3")
    visitor.post({"heart-disease": "no"})
    visitor.post({"heart-kind": "valve"}, form=follow_up)
    assert visitor.status == 200
    assert "heart-kind" in read_answers(app, visitor)
    assert "will not be sent" in visitor.get("/check").text


def test_a_page_off_the_path_leads_to_one_that_is_on_it(visitor: Visitor) -> None:
    visitor.start()
    visitor.get("/questions/4")
    assert visitor.status == 200
    assert visitor.path != "/questions/4"


@pytest.mark.parametrize("hours", [1.5, 23])
def test_a_token_lives_as_long_as_the_draft(visitor: Visitor, app: Flask, hours: float) -> None:
    # UA-2, UA-22, UA-24; security.md S38
    visitor.start()
    form = visitor.find_form(FIRST)
    form.fields["csrf_token"] = [sign_earlier(app, visitor, hours)]
    visitor.post({"age": "34"}, form=form)
    assert visitor.status == 200
    assert "age" in read_answers(app, visitor)


def test_a_token_older_than_a_day_brings_the_page_back_with_everything_typed(visitor: Visitor, app: Flask) -> None:
    # security.md S38
    visitor.start()
    form = visitor.find_form(FIRST)
    form.fields["csrf_token"] = [sign_earlier(app, visitor, 24.1)]
    visitor.post({"age": "34"}, form=form)
    assert visitor.status == 400
    assert read_answers(app, visitor) == {}
    visitor.post(form=visitor.find_form(FIRST))
    assert "age" in read_answers(app, visitor)


def sign_earlier(app: Flask, visitor: Visitor, hours: float) -> str:
    """Return the token this visitor's form would have had some hours ago."""

    class EarlierSigner(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - int(hours * 3600)

    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        secret = session["csrf_token"]
    signer = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token", signer=EarlierSigner)
    return str(signer.dumps(secret))


def test_a_number_that_was_kept_stays_kept(visitor: Visitor) -> None:
    visitor.start()
    visitor.get("/questions/7")
    visitor.post({"bp-known": "yes"})
    while "bp-systolic" not in visitor.find_form().fields["asked"][0]:
        visitor.post()
    numbers = visitor.path
    page = visitor.post({"bp-systolic": "85", "bp-diastolic": "150"})
    assert page.title.startswith("Is this right? Section 2 of 9: Heart and blood pressure – ")
    # What is odd about two numbers that may have been swapped is said, at the top and beside the box
    odd = "the number you wrote is not larger than “Bottom blood pressure number”. Is it right?"
    assert page.text.count(f"Top blood pressure number: {odd}") == 2
    # And it is asked until the person answers, also when they come back
    assert visitor.get(numbers).title.startswith("Is this right?")
    assert "could not be read" not in visitor.get("/check").text
    visitor.get(numbers)
    visitor.post({"bp-systolic-confirmed": "85"})
    assert visitor.path != numbers
    visitor.get(numbers)
    visitor.post()
    assert visitor.path != numbers


def test_looking_up_someone_to_talk_to_leads_back_to_where_one_was(visitor: Visitor) -> None:
    visitor.start()
    visitor.post({"age": "34"})
    here = visitor.path
    visitor.get("/support")
    assert here in visitor.document.links


def test_after_a_day_the_page_says_so_with_everything_just_typed_on_it(
    visitor: Visitor, clock: Clock, app: Flask
) -> None:
    # UA-2, UA-3, UA-27; security.md S38
    visitor.start()
    form = visitor.find_form(FIRST)
    clock.advance(hours=24, seconds=1)
    page = visitor.post(
        {
            "age": "34",
            "reason-for-visit": ["something-else", "ptsd"],
            "reason-for-visit-something-else": "Sleep & <rest>",
        },
        form=form,
    )
    assert visitor.status == GONE
    assert "34" in page.text
    assert "Sleep & <rest>" in page.text
    visitor.post(form=visitor.find_form("/start"))
    assert visitor.status == 200
    assert visitor.path != FIRST
    answers = read_answers(app, visitor)
    assert "Sleep & <rest>" in str(answers["reason-for-visit"])


def test_lost_cookies_lose_nothing_typed_and_another_sites_post_is_refused(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    form = visitor.find_form(FIRST)
    stranger = make_visitor(app)
    page = stranger.post({"age": "34"}, form=form)
    assert stranger.status in {400, GONE}
    assert "34" in page.text
    refused = stranger.client.post(
        FIRST, data={"age": ["34"]}, base_url=ORIGIN, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert refused.status_code == 403
    assert 'value="34"' not in refused.get_data(as_text=True)


def test_a_draft_continues_on_another_device_with_its_resume_code(visitor: Visitor, app: Flask) -> None:
    # UA-7
    visitor.start()
    visitor.post({"age": "34"})
    code = next(word for word in visitor.get("/resume").text.split() if word.count("-") == 5)
    other = make_visitor(app)
    other.get("/resume")
    page = other.post({"code": code.lower().replace("-", " ")}, form=other.find_form("/resume"))
    assert other.path == "/questions/2"
    assert read_answers(app, other) == read_answers(app, visitor)
    # It says what was opened, and that once
    opened = "Your form is open here again, with every page you saved. This is where you stopped."
    assert opened in page.text
    assert opened not in other.post({}, action="save").text
    # Also at the end of the form
    other.get("/check")
    other.post({"answers-checked": "yes"}, form=other.find_form("/check"))
    other.get("/resume")
    page = other.post({"code": code}, form=other.find_form("/resume"))
    assert (other.path, opened in page.text) == ("/check", True)


def test_finishing_later_saves_the_page_first_also_what_cannot_be_read(visitor: Visitor) -> None:
    # UA-1, UA-14
    visitor.start()
    visitor.post({"age": "seventeen", "reason-for-visit": "ptsd"}, action="later")
    assert visitor.path == "/resume"
    visitor.get(FIRST)
    fields = visitor.find_form(FIRST).fields
    assert (fields["age"], fields["reason-for-visit"]) == (["seventeen"], ["ptsd"])


def test_whoever_finishes_later_in_the_middle_of_a_page_goes_on_with_that_page(visitor: Visitor) -> None:
    visitor.start()
    visitor.post({"age": "34"})
    second = visitor.path
    visitor.post({}, action="later")
    visitor.get("/")
    visitor.post(form=visitor.find_form("/start"))
    assert visitor.path == second


def test_going_back_keeps_what_is_typed_also_what_cannot_be_read(visitor: Visitor) -> None:
    # Design D-4: the page's own Back is a button of its form.
    visitor.start()
    visitor.post({"age": "34"})
    second = visitor.path
    visitor.post({}, action="back")
    assert visitor.path == FIRST
    visitor.post({"age": "thirty", "reason-for-visit": "ptsd"}, action="back")
    assert visitor.path == "/"
    visitor.get(FIRST)
    assert visitor.find_form(FIRST).fields["age"] == ["thirty"]
    assert visitor.find_form(FIRST).fields["reason-for-visit"] == ["ptsd"]
    visitor.get(f"{second}?to=check")
    visitor.post({}, action="back")
    assert visitor.path == "/check"
    visitor.post({"answers-checked": "yes"}, action="back")
    assert visitor.path.startswith("/questions/")
    visitor.get("/check")
    assert visitor.find_form("/check").fields["answers-checked"] == ["yes"]


@pytest.mark.parametrize("place", ["support", "erase", "privacy", "about-ketamine", "for-clinicians", "accessibility"])
def test_looking_at_a_page_beside_the_form_keeps_what_is_typed_and_leads_back_to_it(
    visitor: Visitor, place: str
) -> None:
    # Design D-4: whoever looks for help in the middle of a page finds it as they left it.
    visitor.start()
    visitor.post({"age": "thirty", "reason-for-visit": "ptsd"}, action=f"visit:{place}")
    assert visitor.path == f"/{place}"
    assert place == "erase" or FIRST in visitor.document.links  # Back to your form
    visitor.get(FIRST)
    fields = visitor.find_form(FIRST).fields
    assert (fields["age"], fields["reason-for-visit"]) == (["thirty"], ["ptsd"])


def test_a_wrong_resume_code_is_kept_in_its_box(visitor: Visitor) -> None:
    visitor.get("/resume")
    page = visitor.post({"code": "ABCD"}, form=visitor.find_form("/resume"))
    assert visitor.status == UNREADABLE
    assert page.title.startswith("Error: ")
    assert visitor.find_form("/resume").fields["code"] == ["ABCD"]


def test_without_a_draft_a_page_says_so_and_shows_no_empty_form(visitor: Visitor) -> None:
    # UA-24
    page = visitor.get(FIRST)
    assert visitor.status == GONE
    assert all(not form.action.startswith("/questions") for form in page.forms)


def test_erasing_leaves_nothing_to_go_back_to(visitor: Visitor) -> None:
    # UA-21, UA-111
    visitor.start()
    visitor.post({"age": "34"})
    visitor.get("/erase")
    visitor.post(form=visitor.find_form("/erase"))
    assert visitor.status == 200
    visitor.get(FIRST)
    assert visitor.status == GONE


def test_every_get_twice_changes_nothing(visitor: Visitor, app: Flask) -> None:
    # security.md S3
    visitor.start()
    visitor.post({"age": "34"})
    before = read_answers(app, visitor)
    for path in ("/", FIRST, "/check", "/share", "/summary", "/done", "/resume", "/erase", "/support", "/privacy"):
        visitor.get(path)
        visitor.get(path)
        assert visitor.status == 200, path
    assert read_answers(app, visitor) == before


def test_ten_posts_at_once_lose_no_page(visitor: Visitor, app: Flask) -> None:
    # UA-31
    visitor.start()
    header = visitor.cookie_header
    forms = []
    for number in (1, 3, 7, 10, 16):
        visitor.get(f"/questions/{number}")
        forms.append((visitor.path, visitor.find_form()))
    typed = {form.fields["asked"][0].split()[0]: form for _, form in forms}

    def send(link_id: str) -> int:
        client = app.test_client(use_cookies=False)
        form = typed[link_id]
        value = "34" if link_id == "age" else "no"
        return client.post(
            form.action,
            data={**form.fields, link_id: [value]},
            base_url=ORIGIN,
            headers={"Cookie": header, "Sec-Fetch-Site": "same-origin"},
        ).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(send, [*typed, *typed]))
    assert set(statuses) <= {302, 303}
    assert set(read_answers(app, visitor)) == set(typed)
