"""The check page: it names what is not answered, and a clinic's own asks what other pages may ask too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.source import ROOT
from tests.web.patient.conftest import Clock, make_app
from tests.web.patient.sender import find_services
from tests.web.patient.visitor import Visitor

OWN = """\
          - linkId: minutes-taken
            type: integer
            text: How many minutes did this take you?
            shortText: Minutes
            minValue: 0
            maxValue: 1440
            expected: {min: 5, max: 90}
            unit: {code: min, display: minutes}
"""
LAST = """\
            review: not yet reviewed by a clinician
      - linkId: share
"""


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """Make the application with a number on its check page."""
    text = (ROOT / "questions.yaml").read_text()
    assert text.count(LAST) == 1
    review, share = LAST.splitlines(keepends=True)
    questions = tmp_path / "questions.yaml"
    questions.write_text(text.replace(LAST, f"{review}{OWN}{share}"))
    app = make_app(tmp_path / "data", clock, QUESTIONS=str(questions))
    yield app
    find_services(app).engine.dispose()


def test_a_number_on_the_check_page_is_asked_about_as_on_any_other(visitor: Visitor) -> None:
    visitor.start()
    visitor.get("/check")
    # What cannot be read is an error, and says so
    page = visitor.post({"minutes-taken": "ten"}, form=visitor.find_form("/check"))
    assert page.title.startswith("Error: Check your answers")
    assert "Look at this again" in page.text
    # What we only did not expect is a question, and no error
    page = visitor.post({"minutes-taken": "200"}, form=visitor.find_form("/check"))
    assert page.title.startswith("Is this right? Check your answers")
    assert "Look at this again" not in page.text
    visitor.post({"minutes-taken-confirmed": "200"}, form=visitor.find_form("/check"))
    assert visitor.path == "/share"


def test_what_is_not_answered_is_named_at_the_top_and_each_leads_to_where_it_stands(visitor: Visitor) -> None:
    def list_named() -> list[str]:
        page = visitor.get("/check")
        named = [link[1:] for link in page.links if link.startswith("#")]
        assert f"{len(named)} questions are not answered" in page.text
        assert set(named) <= set(page.ids)
        # As often as the rows say so
        assert page.text.count("Not answered") == len(named)
        return named

    # Given somebody who has answered nothing yet, they are all named, in the order of the form, and out of the way
    visitor.start()
    named = list_named()
    assert named == [name for name in visitor.document.ids if name in named]
    assert visitor.last is not None
    assert "<details>" in visitor.last.text
    # When they answer some, be it that they would rather not say, then those are named no longer
    visitor.get("/questions/3")
    visitor.post({"heart-disease": "no", "aneurysm-or-avm": "prefer-not", "stroke-or-brain-bleed": "not-sure"})
    assert set(named) - set(list_named()) == {"heart-disease", "aneurysm-or-avm", "stroke-or-brain-bleed"}
