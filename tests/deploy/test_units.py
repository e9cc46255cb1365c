"""The systemd units: known to systemd, locked up as far as said, and naming what there is."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from app.settings import SETTINGS, StartError, load_settings
from tests.deploy.proxies import DEPLOY, list_settings

UNITS = DEPLOY / "systemd"
ROLES = ("patient", "clinic", "all")
SECRETS = {
    "patient": {"FOREWORD_DATABASE_URL": "postgresql+psycopg://foreword_patient:word@127.0.0.1/foreword"},
    "clinic": {"FOREWORD_DATABASE_URL": "postgresql+psycopg://foreword:word@127.0.0.1/foreword"},
}
MOST_EXPOSED = 1.2  # of 10: systemd counts talking over a network at all, and a root directory of its own, as the rest


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Put the units into a folder, each role's service by its own name, with the program's place in that folder."""
    for path in [*UNITS.glob("*.socket"), *UNITS.glob("*.service")]:
        text = path.read_text().replace("/opt/foreword/", f"{tmp_path}/")
        for role in ROLES if path.name == "foreword@.service" else [""]:
            (tmp_path / path.name.replace("@.", f"@{role}.")).write_text(text)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/runbook.md").touch()
    shutil.copy(DEPLOY / "with-secrets", tmp_path)
    return tmp_path


def run_analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/usr/bin/systemd-analyze", *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("role", ROLES)
def test_systemd_has_nothing_to_say_about_them(units: Path, role: str) -> None:
    names = [f"{units}/foreword@{role}.{kind}" for kind in ("service", "socket")]
    done = run_analyze("verify", "--man=no", *names)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_fault_in_them_would_be_said(units: Path) -> None:
    path = units / "foreword@all.service"
    path.write_text(path.read_text().replace("ProtectSystem=strict", "ProtectSytem=strict"))
    assert "ProtectSytem" in run_analyze("verify", "--man=no", str(path)).stderr


@pytest.mark.parametrize("role", ROLES)
def test_they_are_no_more_exposed_than_said(units: Path, role: str) -> None:
    done = run_analyze(
        "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", f"{units}/foreword@{role}.service"
    )
    assert done.returncode == 0, done.stdout
    table = run_analyze("security", "--offline=true", "--json=short", f"{units}/foreword@{role}.service").stdout
    open_ones = {str(row["json_field"]) for row in json.loads(table) if not row["set"]}
    assert not open_ones & {"NoNewPrivileges", "PrivateTmp", "CapabilityBoundingSet_CAP_SYS_ADMIN", "UserOrDynamicUser"}


@pytest.mark.parametrize("role", ROLES)
def test_the_settings_beside_them_are_ones_the_program_takes(role: str) -> None:
    settings = load_settings({**read_env(role), **SECRETS.get(role, {}), "FOREWORD_ROLE": role})
    assert settings.metrics is not None
    assert settings.trusted_hops == 1


def read_env(role: str) -> dict[str, str]:
    lines = [line for line in (UNITS / f"{role}.env").read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("role", SECRETS)
def test_a_half_that_was_not_told_its_database_does_not_begin_one_of_its_own(role: str) -> None:
    with pytest.raises(StartError) as refused:
        load_settings({**read_env(role), "FOREWORD_ROLE": role})
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["FOREWORD_DATABASE_URL"]


def test_backups_are_written_where_the_unit_lets_them_be() -> None:
    folders = {read_env(role)["FOREWORD_BACKUP_FOLDER"] for role in ("clinic", "all")}
    assert folders == {"/srv/backups"}
    assert "FOREWORD_BACKUP_FOLDER" not in read_env("patient")
    assert "ReadWritePaths=-/srv/backups\n" in (UNITS / "foreword@.service").read_text()


def test_every_setting_that_a_shipped_file_names_is_one() -> None:
    known = {setting.name for setting in SETTINGS}
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert list_settings(str(path.relative_to(DEPLOY))) <= known | {"FOREWORD_"}, path


def test_the_proxy_s_socket_and_the_unit_s_are_one() -> None:
    proxies = (DEPLOY / "nginx/foreword.conf").read_text()
    for role, port in (("patient", 8000), ("clinic", 8001)):
        assert f"ListenStream=127.0.0.1:{port}\n" in (UNITS / f"foreword@{role}.socket").read_text()
        assert f"upstream foreword_{role} {{ server 127.0.0.1:{port};" in proxies
