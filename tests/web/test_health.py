"""What machines ask: ready means that the database, the keys and the questionnaire work, and says which does not."""

from pathlib import Path

from app import create_app
from app.settings import load_settings
from app.storage.engine import migrate
from app.web.services import get_services

HOST = "http://127.0.0.1:8000"


def test_ready_names_what_is_not(tmp_path: Path) -> None:
    data = tmp_path / "data"
    app = create_app(load_settings({"FOREWORD_DATA": str(data)}))
    client = app.test_client()

    def ask() -> tuple[int, str]:
        answer = client.get("/readyz", base_url=HOST)
        return answer.status_code, answer.text

    assert ask() == (503, "database edition\n")
    with app.app_context():
        engine = get_services().engine
    migrate(engine)
    assert ask() == (200, "ready\n")
    (data / "cookie.key").chmod(0o644)
    assert ask() == (503, "keys\n")
    assert client.get("/healthz", base_url=HOST).text == "alive\n"
    engine.dispose()


def test_search_engines_are_asked_to_stay_away(tmp_path: Path) -> None:
    app = create_app(load_settings({"FOREWORD_DATA": str(tmp_path / "data")}))
    answer = app.test_client().get("/robots.txt", base_url=HOST)
    assert answer.text == "User-agent: *\nDisallow: /\n"
    assert answer.mimetype == "text/plain"
