"""The doctor's page: what is not in order with the clinic's server, and what to do, for whoever has no engineer."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.desk.doctor import examine
from app.desk.doctor_backup import describe_last
from app.desk.doctor_record import list_used_keys
from app.storage.engine import begin_write
from app.storage.people import Role
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.found import name_clock, tell_by_clock, view_finding
from app.web.clinic.gate import allow
from app.web.clinic.words import write_moment
from app.web.services import get_services


@blueprint.get("/health")
@allow(Role.ADMINISTRATOR)
def show_doctor() -> ResponseReturnValue:
    """Show what `foreword doctor` tells, but for what other machines have to be asked about."""
    services = get_services()
    parts = examine(services.settings, services.engine, services.now(), is_quick=True)
    found = sum(len(part.findings) for part in parts)
    with begin_write(services.engine) as connection:
        record(connection, "health.viewed", findings=found)
    return render_template(
        "clinic/health.html",
        wrong=[(part.name, [view_finding(finding) for finding in part.findings]) for part in parts if part.findings],
        right=[part for part in parts if not part.findings],
        count=found,
        keys=list_used_keys(services.engine, is_quick=True),
        backup=tell_by_clock(describe_last(services.engine, services.now())),
        at=write_moment(services.now()),
        clock=name_clock(),
    )
