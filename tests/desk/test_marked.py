"""Answers that a clinic asked to see first: named by their question, in order, and nothing more."""

import pytest

from app.desk.marked import list_marked
from app.desk.opening import OpenedVersion
from app.questionnaire.answer import Answer, Coded, Number
from app.questionnaire.response import QuestionnaireResponse, Status
from app.questionnaire.sent import Consent, Patient, SentResponse
from tests.browser.patient import load_edition
from tests.desk.conftest import NOW


def open_with(**answers: Answer) -> OpenedVersion:
    """Return a version with these answers."""
    edition = load_edition()
    named = {name.replace("_", "-"): answer for name, answer in answers.items()}
    sent = SentResponse(
        response=QuestionnaireResponse(
            edition=edition.hash, language="en", status=Status.COMPLETED, authored=NOW, answers=named, dropped=()
        ),
        patient=Patient(name="A"),
        consent=Consent(text="", language="en", edition=edition.hash, agreed_at=NOW),
    )
    return OpenedVersion(reference="0" * 10, version=1, sent_at=NOW, sent=sent, edition=edition)


@pytest.mark.parametrize(
    ("marked", "named"),
    [
        (("suicidal-thoughts=yes",), ("Thoughts of ending life",)),
        (("suicidal-thoughts=no",), ()),
        (("reason-for-visit=ptsd", "suicidal-thoughts=yes"), ("Reason for visit", "Thoughts of ending life")),
        (("age=36", "nothing=yes", "suicidal-thoughts"), ()),
        ((), ()),
    ],
)
def test_only_what_was_chosen_is_named(marked: tuple[str, ...], named: tuple[str, ...]) -> None:
    opened = open_with(
        age=Number("36"), reason_for_visit=Coded(("depression", "ptsd")), suicidal_thoughts=Coded(("yes",))
    )
    assert list_marked(opened, marked, "en") == named
