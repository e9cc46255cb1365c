"""The application object: what Flask does by itself and this program does not."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, UndefinedError

from app.settings import load_settings
from app.web import build_web_app
from app.web.shell import WebApp

HOST = "http://127.0.0.1:8000"


@pytest.mark.parametrize("name", ["page.html", "page.txt", "page.svg", "page"])
def test_every_template_escapes_whatever_its_name_ends_in(name: str) -> None:
    templates = WebApp().jinja_env.overlay(loader=DictLoader({name: "{{ answer }}"}))
    assert templates.get_template(name).render(answer="<b>'{{7*7}}'") == "&lt;b&gt;&#39;{{7*7}}&#39;"


def test_a_name_that_is_not_there_is_a_fault() -> None:
    templates = WebApp().jinja_env.overlay(loader=DictLoader({"page.html": "{{ answr }}"}))
    with pytest.raises(UndefinedError):
        templates.get_template("page.html").render(answer="x")


def test_a_page_says_its_language_and_direction(tmp_path: Path) -> None:
    app = build_web_app(load_settings({"FOREWORD_DATA": str(tmp_path / "data")}))
    assert '<html lang="en" dir="ltr">' in app.test_client().get("/nowhere", base_url=HOST).text


def test_no_rule_answers_with_a_redirect_that_repeats_the_address(tmp_path: Path) -> None:
    app = build_web_app(load_settings({"FOREWORD_DATA": str(tmp_path / "data")}))
    assert app.test_client().get("/healthz//x", base_url=HOST).status_code == 404
    assert app.test_client().get("//healthz", base_url=HOST).status_code == 404
    assert not app.url_map.merge_slashes
