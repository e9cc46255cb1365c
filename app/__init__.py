"""Foreword: the page your doctor reads first. Here its parts meet, and nowhere else."""

# ruff: noqa: PLC0415  `import app.questionnaire` comes through here and must not bring Flask along

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Flask

    from app.settings import Settings
    from app.storage.throttles import Tallies


def create_app(settings: "Settings", now: "Callable[[], datetime] | None" = None) -> "Flask":
    """Return the web application, or raise `StartError` when it cannot be made from these settings.

    Its database is not touched before a request: whoever serves the application migrates it first. `now` is the
    clock, where a test has its own.
    """
    from app.clinic.keeper import ClinicKeeper
    from app.desk.keyring import DeskKeeper
    from app.logs import get_log
    from app.storage.engine import create_engine_for
    from app.web import build_web_app, services
    from app.web.edition import EditionKeeper
    from app.web.health import watch
    from app.web.patient import wiring as patient

    clock = now or services.read_clock
    app = build_web_app(settings)
    engine = create_engine_for(settings.database_url)
    editions = EditionKeeper(
        engine,
        settings.questions,
        report=lambda faults: get_log().warning("questionnaire not accepted", faults=[str(fault) for fault in faults]),
        now=clock,
    )
    served = services.Services(
        settings=settings,
        engine=engine,
        editions=editions,
        keeper=ClinicKeeper(engine, is_demonstration=settings.is_demo),
        desks=DeskKeeper(engine, settings, clock) if settings.has_staff else None,
        now=clock,
        redis=_count_in_redis(settings.redis_url) if settings.redis_url else None,
    )
    services.init_app(app, served)
    watch(app, served)
    if settings.has_patients:
        patient.init_app(app)
    if settings.has_staff:
        _add_staff_pages(app)
    return app


def _count_in_redis(url: str) -> "Tallies":
    # Here, so that a start without it does not import it.
    from app.storage.redis_tallies import RedisTallies

    return RedisTallies(url)


def _add_staff_pages(app: "Flask") -> None:
    # Here, so that where patients are served alone nothing of staff is loaded.
    from app.web.clinic.wiring import init_app

    init_app(app)
