"""D-9: an edition is for ever, a newer file serves new patients, and a bad file never replaces a good one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.questionnaire.errors import Fault
from app.settings import find_resource, load_settings
from app.storage.engine import begin_write, create_engine_for, migrate
from app.web.edition import EditionKeeper, NoEditionError
from tests.web.patient.visitor import ORIGIN, make_visitor


@dataclass
class Clinic:
    """A clinic's questionnaire file, and what the keeper said about it."""

    path: Path
    url: str
    faults: list[tuple[Fault, ...]] = field(default_factory=list)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def keep(self) -> EditionKeeper:
        """Return a keeper, as a start of the server makes it."""
        engine = create_engine_for(self.url)
        migrate(engine)
        return EditionKeeper(engine, self.path, report=self.faults.append, now=lambda: self.now)

    def ask(self, statement: str) -> None:
        """Do something in the database from outside."""
        engine = create_engine_for(self.url)
        with begin_write(engine) as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def rewrite(self, old: str, new: str) -> None:
        """Change the file as an author would."""
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new))


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """Return a clinic with a copy of our questionnaire."""
    path = tmp_path / "questions.yaml"
    path.write_bytes(find_resource("questions.yaml").read_bytes())
    return Clinic(path, f"sqlite:///{tmp_path / 'foreword.sqlite3'}")


def test_a_changed_file_is_a_new_edition_and_the_old_one_stays(clinic: Clinic) -> None:
    keeper = clinic.keep()
    old = keeper.get_newest().edition
    clinic.rewrite("text: How old are you?", "text: What is your age?")
    new = keeper.get_newest().edition
    assert new.hash != old.hash
    assert new.find_item("age").text.to("en") == "What is your age?"
    again = keeper.find(old.hash)
    assert again is not None
    assert again.edition.find_item("age").text.to("en") == "How old are you?"
    assert clinic.faults == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("text: How old are you?", "text: You must tell us how old you are", "W-05"),
        ("linkId: stroke-or-brain-bleed", "linkId: heart-disease", "heart-disease"),
        ("resourceType: Questionnaire", "resourceType: [", "questions.yaml:"),
    ],
)
def test_a_bad_file_never_replaces_a_good_one(clinic: Clinic, old: str, new: str, said: str) -> None:
    keeper = clinic.keep()
    good = keeper.get_newest().edition.hash
    before = clinic.path.read_text()
    clinic.rewrite(old, new)
    assert keeper.get_newest().edition.hash == good
    assert said in " ".join(str(fault) for fault in clinic.faults[0])
    # Not told again at every page, and served again after a restart.
    keeper.get_newest()
    assert len(clinic.faults) == 1
    assert clinic.keep().get_newest().edition.hash == good
    clinic.path.write_text(before)
    assert keeper.get_newest().edition.hash == good
    assert keeper.faults == ()


def test_a_missing_file_goes_on_with_the_last_good_edition(clinic: Clinic) -> None:
    good = clinic.keep().get_newest().edition.hash
    clinic.path.unlink()
    assert clinic.keep().get_newest().edition.hash == good
    assert "cannot be read" in str(clinic.faults[0][0])


def test_a_first_start_with_a_bad_file_says_every_fault(clinic: Clinic) -> None:
    clinic.rewrite("text: How old are you?", "text: You must tell us how old you are")
    clinic.rewrite("linkId: stroke-or-brain-bleed", "linkId: heart-disease")
    with pytest.raises(NoEditionError) as caught:
        clinic.keep().get_newest()
    assert len(caught.value.faults) > 1


def test_a_new_file_is_read_again_once_the_database_answers(clinic: Clinic) -> None:
    keeper = clinic.keep()
    old = keeper.get_newest().edition.hash
    clinic.rewrite("text: How old are you?", "text: What is your age?")
    clinic.ask("ALTER TABLE editions RENAME TO away")
    assert keeper.get_newest().edition.hash == old
    clinic.ask("ALTER TABLE away RENAME TO editions")
    assert keeper.get_newest().edition.hash == old  # not tried at every page
    clinic.now += timedelta(seconds=6)
    assert keeper.get_newest().edition.hash != old
    assert clinic.faults == []


@pytest.fixture
def app(clinic: Clinic, tmp_path: Path) -> Flask:
    """Make the whole application on the clinic's file."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    settings = load_settings(
        {
            "FOREWORD_DATA": str(data),
            "FOREWORD_DEMO": "1",
            "FOREWORD_PUBLIC_URL": ORIGIN,
            "FOREWORD_QUESTIONS": str(clinic.path),
        }
    )
    engine = create_engine_for(settings.database_url)
    migrate(engine)
    engine.dispose()
    return create_app(settings)


def test_a_draft_ends_in_the_edition_it_began_in_while_new_patients_get_the_new_one(clinic: Clinic, app: Flask) -> None:
    early = make_visitor(app)
    early.start()
    early.post({"age": "34"})
    clinic.rewrite("text: How old are you?", "text: What is your age?")
    late = make_visitor(app)
    assert "What is your age?" in late.start().text
    assert "How old are you?" in early.get("/questions/1").text
    for page in ("/check", "/summary"):
        assert "How old are you?" in early.get(page).text
