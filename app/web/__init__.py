"""The pages: what a browser is sent and what it may send back; they never decide what a question or an answer is."""

from app.settings import Settings
from app.web import access, assets, compression, health, i18n, problems, reporting, security, session
from app.web.shell import WebApp


def build_web_app(settings: Settings) -> WebApp:
    """Return an application that is guarded, answers every error and has no page yet."""
    app = WebApp()
    assets.init_app(app)
    i18n.init_app(app)
    problems.init_app(app)
    # In this order they look at a request, and in the other order at an answer.
    access.init_app(app)
    security.init_app(app, settings)
    session.init_app(app, settings)
    compression.init_app(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(reporting.blueprint)
    return app
