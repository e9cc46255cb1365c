"""The runbook explains everything the program says: alarms, findings, refused starts, log lines and numbers."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.desk.doctor import PARTS
from app.desk.doctor_backup import LAST_GOOD
from app.desk.nightly import CHECK, NOTICE, PURGE
from app.settings import load_settings
from app.web.access import init_app  # noqa: F401  what is documented is what this module logs
from tests.deploy.proxies import DEPLOY
from tests.deploy.said import list_events, list_findings, list_start_sentences
from tests.support.ports import find_free_port
from tests.support.server import Server, StartServer
from tests.support.source import ROOT
from tests.web.raw import build_request, send_raw
from tests.web.test_metrics import scrape

RUNBOOK = (ROOT / "docs/runbook.md").read_text()
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
CODE = re.compile(r"`([^`\n]+)`")


def read_chapter(title: str) -> str:
    """Return what stands under a heading, up to the next of its kind."""
    return RUNBOOK.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def list_first_cells(title: str) -> set[str]:
    """Return every code in the first column of a chapter's tables."""
    rows = [line for line in read_chapter(title).splitlines() if line.startswith("| `")]
    return {code for row in rows for code in CODE.findall(row.split(" | ")[0])}


def test_every_alarm_has_its_chapter_and_every_chapter_an_alarm() -> None:
    headings = re.findall(r"^### (\w+)$", read_chapter("Alarms"), re.MULTILINE)
    assert headings == [rule["alert"] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_tells_what_it_is_for_a_patient_and_what_to_do(rule: dict[str, object]) -> None:
    chapter = read_chapter("Alarms").partition(f"### {rule['alert']}\n")[2].partition("### ")[0]
    for part in ("For a patient", "Look at", "Do", "Who"):
        assert f"- **{part}**: " in chapter, part
    assert rule["labels"] in ({"severity": "now"}, {"severity": "today"})


def test_every_part_and_every_finding_of_the_doctor_is_explained() -> None:
    chapter = read_chapter("What `foreword doctor` finds")
    told = set(CODE.findall(chapter))
    missing = {fault for fault in list_findings() if fault.strip("… ")} - told
    assert not missing
    assert {name for name, _ in PARTS} <= {line.split(" | ")[0].removeprefix("| ") for line in chapter.splitlines()}


def test_every_sentence_that_stops_a_start_is_explained_and_no_other() -> None:
    assert list_first_cells("When a start is refused") == list_start_sentences()


def test_every_line_of_the_log_is_explained() -> None:
    told = set(CODE.findall(read_chapter("The log")))
    assert list_events() - told == set()


@pytest.fixture(scope="module")
def told(start_shared_server: StartServer) -> tuple[Server, str]:
    """Give a server that answered one request, and its numbers."""
    port = find_free_port()
    server = start_shared_server(metrics=f"127.0.0.1:{port}")
    host = server.url.removeprefix("http://")
    send_raw(int(host.rpartition(":")[2]), build_request(host))
    return server, scrape(port)[1]


def test_the_fields_of_a_request_s_line_are_those_told(told: tuple[Server, str]) -> None:
    lines = [json.loads(line) for line in told[0].read_log().splitlines() if line.startswith("{")]
    [request] = [line for line in lines if line["event"] == "request"]
    assert list_first_cells("The log") - set(CODE.findall(read_chapter("The log").partition("| event |")[2])) == set(
        request
    )


def test_the_numbers_told_are_those_there_are(told: tuple[Server, str]) -> None:
    families = text_string_to_metric_families(told[1])
    endings = {"counter": "_total", "info": "_info"}
    names = {
        f"{family.name}{endings.get(family.type, '')}" for family in families if family.name.startswith("foreword_")
    }
    assert list_first_cells("The numbers") == names


def test_every_alarm_looks_at_numbers_and_routes_that_there_are(told: tuple[Server, str], tmp_path: Path) -> None:
    known = {"up", *re.findall(r"^([a-z_]+)(?:\{| )", told[1], re.MULTILINE)}
    known |= set(re.findall(r"^# TYPE ([a-z_]+) ", told[1], re.MULTILINE))
    app = create_app(load_settings({"FOREWORD_DATA": str(tmp_path / "data")}))
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    for rule in RULES:
        named = set(re.findall(r"\b(?:foreword|process)_[a-z_]+\b", rule["expr"]))
        assert named <= known, rule["alert"]
        assert set(re.findall(r'route="([^"]+)"', rule["expr"])) <= routes, rule["alert"]
    chores = {
        name for rule in RULES for names in re.findall(r'chore=~?"([^"]+)"', rule["expr"]) for name in names.split("|")
    }
    assert chores == {PURGE, CHECK, NOTICE, LAST_GOOD}
