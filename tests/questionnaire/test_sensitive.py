"""What an export leaves out is marked in the questionnaire, and a follow-up question goes with its parent."""

from dataclasses import replace

from app.questionnaire.canonical import dump_canonical, load_canonical
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import ItemType, Sensitive
from app.questionnaire.sensitive import map_option_tags, map_sensitive
from tests.output.samples import make_edition
from tests.questionnaire.build import edition, option, page, question, when
from tests.questionnaire.definition_text import write_page

USE, PREGNANCY = Sensitive.SUBSTANCE_USE, Sensitive.PREGNANCY


def test_a_question_asked_because_of_a_marked_one_is_marked_too() -> None:
    form = edition(
        [
            page("one", question("use", sensitive=(USE,)), question("age", ItemType.INTEGER)),
            page("two", question("kind"), conditions=[when("use", "yes")]),
            page("three", question("often"), conditions=[when("kind", "yes")]),
            page("four", question("other", enable_when=(when("age", "1"),)), question("plain")),
        ]
    )
    tags = map_sensitive(form)
    assert {name: sorted(found) for name, found in tags.items()} == {
        "use": [USE],
        "age": [],
        "kind": [USE],
        "often": [USE],
        "other": [],
        "plain": [],
    }


def test_a_mark_on_one_answer_of_several_stays_with_it_and_goes_on_to_what_it_opens() -> None:
    reason = question("reason", repeats=True, answer_options=(option("pain"), option("drink", sensitive=(USE,))))
    form = edition(
        [
            page("one", reason),
            page("two", question("drinks"), conditions=[when("reason", "drink")]),
            page("three", question("pains"), conditions=[when("reason", "pain")]),
        ]
    )
    assert map_sensitive(form) == {"reason": set(), "drinks": {USE}, "pains": set()}
    assert map_option_tags(reason) == {"drink": {USE}}
    alone = replace(reason, repeats=False)
    assert map_sensitive(edition([page("one", alone)])) == {"reason": {USE}}
    assert map_option_tags(alone) == {}


def test_marks_are_read_kept_and_read_again() -> None:
    written = (
        "{linkId: use, type: choice, text: Do you?, sensitive: [substance-use, substance-use], answerOption: "
        "[{valueCoding: {code: often, display: Often}, sensitive: [pregnancy]}]}"
    )
    questionnaire = load_questionnaire(write_page(written), "q.yaml").questionnaire
    (item,) = questionnaire.items[0].items[0].items
    assert (item.sensitive, item.answer_options[0].sensitive) == ((USE,), (PREGNANCY,))
    assert load_canonical(dump_canonical(questionnaire)) == questionnaire


def test_the_shipped_questionnaire_marks_alcohol_drugs_and_pregnancy_with_all_that_follows() -> None:
    tags = map_sensitive(make_edition())
    use = {name for name, found in tags.items() if USE in found}
    pregnancy = {name for name, found in tags.items() if PREGNANCY in found}
    assert {"alcohol-use", "alcohol-withdrawal", "substance-last-mdma", "recovery-wishes", "dependence-notes"} <= use
    assert {name for name in tags if name.startswith(("alcohol", "substance", "medicine-used", "dependence"))} <= use
    assert pregnancy == {
        "pregnancy",
        "breastfeeding",
        "trying-to-conceive",
        "pregnancy-weeks",
        "pregnancy-bp",
        "baby-age-months",
        "pregnancy-plan-talk",
    }
    assert not tags["previous-ketamine"]
    marked = {
        (item.link_id, code)
        for item in make_edition().questions
        for code, found in map_option_tags(item).items()
        if USE in found
    }
    assert ("reason-for-visit", "substance-use-reason") in marked
    assert ("medicine-types", "opioid-treatment") in marked
