"""What came in and does not open is told as long as it is there and does not open, and no longer."""

from sqlalchemy import text

from app.desk.retention import purge_all
from app.storage.audit import Event, append_event
from app.storage.engine import begin_write
from app.storage.responses import erase_response, list_due
from tests.desk.conftest import NOW, Clinic
from tests.desk.test_doctor import find
from tests.desk.test_retention import LATER

BREAK = text("UPDATE response_versions SET sealed = :sealed WHERE reference = :reference")


def test_what_does_not_open_is_told_until_it_opens_or_is_gone(any_clinic: Clinic) -> None:
    any_clinic.fill(3, has_reviews=False)
    with begin_write(any_clinic.engine) as connection:
        references = list_due(connection, LATER, 3)
        for reference in references:
            event = Event(action="response.received", actor="program", subject=reference, outcome="unreadable")
            append_event(connection, any_clinic.desk.chain_key, event, NOW)
    assert find(any_clinic, "Intake") == []  # as after a key was put back
    with begin_write(any_clinic.engine) as connection:
        for reference in references[:2]:
            connection.execute(BREAK, {"sealed": b"nothing that opens", "reference": reference})
    assert find(any_clinic, "Intake")[0].startswith("intake: 2 responses came in and do not open; ")
    with begin_write(any_clinic.engine) as connection:
        erase_response(connection, references[0])
    assert find(any_clinic, "Intake")[0].startswith("intake: 1 responses came in and do not open; ")
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("ALTER TABLE response_versions RENAME TO away"))
    # That the database fails says nothing about what is in it
    assert find(any_clinic, "Intake")[0].startswith("Intake: it could not be looked at (")
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO response_versions"))
    assert purge_all(any_clinic.engine, any_clinic.desk.chain_key, LATER, actor="program") == 2
    assert find(any_clinic, "Intake") == []
