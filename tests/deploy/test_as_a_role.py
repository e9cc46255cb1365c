"""foreword-as: an operator's command runs with the settings, secrets and data that systemd gives a role."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.deploy.proxies import DEPLOY
from tests.support.server import COMMAND


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Put the script where its places are folders of this test, and its user is whoever runs it."""
    text = (DEPLOY / "foreword-as").read_text()
    for before, after in (
        ("/etc/foreword/", f"{tmp_path}/"),
        ("/var/lib/", f"{tmp_path}/"),
        ("/opt/foreword/with-secrets", f"{DEPLOY}/with-secrets"),
        ("/opt/foreword/.venv/bin/foreword", str(COMMAND)),
        ('runuser --user "foreword-$role" -- ', ""),
    ):
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / "foreword-as"
    path.write_text(text)
    path.chmod(0o755)
    (tmp_path / "clinic.secrets").mkdir()
    return path


def run(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *words], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
    )


def test_the_role_s_settings_and_secrets_reach_the_command(script: Path, tmp_path: Path) -> None:
    (tmp_path / "clinic.env").write_text((DEPLOY / "systemd/clinic.env").read_text())
    (tmp_path / "clinic.secrets/FOREWORD_DATABASE_URL").write_text(f"sqlite:///{tmp_path}/none.db\n")
    done = run(script, "clinic", "staff", "list")
    assert done.returncode == 2
    assert done.stderr.startswith(f"{tmp_path}/none.db: there is no database")


def test_a_setting_is_what_stands_there_as_systemd_reads_it_and_nothing_is_run(script: Path, tmp_path: Path) -> None:
    contact = "https://clinic.example/report?a=1&b=$(touch ran)  `touch ran`"
    (tmp_path / "clinic.env").write_text(
        f"# A comment; not this\n\n; nor this\n  FOREWORD_SECURITY_CONTACT={contact}  \n"
        "FOREWORD_SMTP_URL=\"smtps://a b\"\nFOREWORD_SECURITY_POLICY='it''s'\nFOREWORD_LAST=without an end of line"
    )
    show = tmp_path / "show"
    show.write_text("#!/bin/sh\nenv\n")
    show.chmod(0o755)
    script.write_text(script.read_text().replace(str(COMMAND), str(show)))
    shown = dict(line.split("=", 1) for line in run(script, "clinic", "x").stdout.splitlines())
    assert shown["FOREWORD_SECURITY_CONTACT"] == contact
    assert shown["FOREWORD_SMTP_URL"] == "smtps://a b"
    assert shown["FOREWORD_SECURITY_POLICY"] == "it''s"
    assert shown["FOREWORD_LAST"] == "without an end of line"
    assert not list(tmp_path.rglob("ran"))


def test_a_line_that_is_no_setting_stops_it_and_is_not_shown(script: Path, tmp_path: Path) -> None:
    (tmp_path / "clinic.env").write_text("FOREWORD_SMTP_URL = smtps://secret\n")
    refused = run(script, "clinic", "doctor")
    assert refused.returncode == 2
    assert refused.stderr.endswith("a line is not NAME=value; mend it, or begin it with #\n")
    assert "secret" not in refused.stderr


def test_without_the_secret_there_is_no_database_of_its_own(script: Path, tmp_path: Path) -> None:
    (tmp_path / "clinic.env").write_text((DEPLOY / "systemd/clinic.env").read_text())
    refused = run(script, "clinic", "staff", "list")
    assert (refused.returncode, refused.stderr.partition(":")[0]) == (2, "FOREWORD_DATABASE_URL")


def test_a_role_that_is_not_there_is_said(script: Path) -> None:
    refused = run(script, "nurse", "doctor")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("no such role here, or you are not root; write patient, clinic or all\n")
    assert run(script, "clinic").returncode == 2
