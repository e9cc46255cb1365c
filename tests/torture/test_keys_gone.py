"""Key files that are gone: what runs goes on and says that it is not ready; a start names the file that is missing."""

from pathlib import Path

from tests.torture.client import Traffic
from tests.torture.ledger import Ledger
from tests.torture.patients import Patient
from tests.torture.person import begin, visit
from tests.torture.program import Program

LAST = "/questions/60"
STORY = "What I typed before the key was gone"


def find_key(program: Program, name: str) -> Path:
    [path] = program.data.glob(name)
    return path


def test_without_a_private_key_the_start_names_it_and_the_running_program_loses_nothing(
    clinic: Program, tmp_path: Path
) -> None:
    paths = [find_key(clinic, name) for name in ("keys/desk.pem", "keys/response-*.pem")]
    copies = [path.rename(tmp_path / path.name) for path in paths]
    ready = visit(clinic).open("/readyz")
    assert (ready.status, ready.body) == (503, b"keys\n")
    ledger = Ledger(tmp_path / "ledger")
    patient = Patient(1, "7", clinic.url, Traffic(), ledger)
    patient.fill_in()
    patient.send()  # sealed to a public key: no private one is needed
    patient.client.close()
    ledger.close()
    clinic.kill()
    for path, copy in zip(paths, copies, strict=True):
        refused = clinic.refuse()
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert path.stem.removeprefix("response-") in refused.err
        assert "missing; put it back" in refused.err
        copy.rename(path)
    clinic.start_well()
    said = clinic.run("export", "-", "--format", "json-lines", "--include", "identity")
    assert said.code == 0, said.err
    assert patient.name in said.out


def test_without_the_cookie_key_a_start_makes_a_new_one_and_an_open_page_is_kept(program: Program) -> None:
    person = begin(program)
    person.open(LAST)
    find_key(program, "cookie.key").unlink()
    assert visit(program).open("/readyz").body == b"keys\n"
    assert person.type(other_conditions=STORY).status == 303
    assert not (program.data / "cookie.key").exists()
    person.open(LAST)
    program.kill()
    program.start_well()
    shown = person.type(other_conditions=f"{STORY}, and more")
    assert shown.status == 400
    assert f"{STORY}, and more" in shown.body.decode()
    assert person.type(other_conditions=f"{STORY}, and more").status == 303
    assert person.read(LAST)["other-conditions"] == [f"{STORY}, and more"]
