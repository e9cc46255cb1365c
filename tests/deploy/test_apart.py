"""The two halves of a clinic: patients' pages on a database that no clinic's program knows are told of in the log."""

from tests.support.server import StartServer

WARNED = '"event":"no clinic in this database"'


def test_patients_on_a_database_of_their_own_are_logged_and_on_the_clinic_s_are_not(start_server: StartServer) -> None:
    alone = start_server(role="patient", demo=0)
    assert alone.read_log().count(WARNED) == 1
    clinic = start_server(role="clinic", demo=0)
    together = start_server(role="patient", demo=0, database_url=f"sqlite:///{clinic.data}/foreword.sqlite3")
    assert WARNED not in together.read_log() + clinic.read_log()
