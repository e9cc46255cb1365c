"""Foreword: the page your doctor reads first. Here its parts meet, and nowhere else."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.settings import Settings


def create_app(settings: "Settings") -> "Flask":
    """Return the web application, or raise `StartError` when it cannot be made from these settings.

    The database is not touched before the first request: whoever serves the application migrates it.
    """
    # Inside, because `import app.questionnaire` comes through here and must not bring Flask along.
    # ruff: noqa: PLC0415  see above
    from app.logs import get_log
    from app.storage.editions import find_latest_edition
    from app.storage.engine import begin_read, create_engine_for
    from app.web import access, assets, compression, health, i18n, patient, problems, security, session
    from app.web.edition import EditionKeeper
    from app.web.services import Services, read_clock
    from app.web.shell import WebApp, get_shell

    app = WebApp()
    session.make_data_folder(settings.data)
    engine = create_engine_for(settings.database_url)
    editions = EditionKeeper(
        engine,
        settings.questions,
        report=lambda faults: get_log().warning("questionnaire not accepted", faults=[str(fault) for fault in faults]),
        now=read_clock,
    )
    app.extensions["foreword"] = Services(
        settings=settings, engine=engine, editions=editions, clinic=None, now=read_clock
    )

    assets.init_app(app)
    i18n.init_app(app)
    problems.init_app(app)
    # What looks at a request looks in this order; what looks at an answer, the other way round.
    access.init_app(app)
    security.init_app(app, settings, last_resort=get_shell(app).problem_pages[500])
    session.init_app(app, settings)
    compression.init_app(app)

    app.register_blueprint(health.blueprint)
    app.register_blueprint(patient.blueprint)
    return app
