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


def test_a_role_that_is_not_there_is_said(script: Path) -> None:
    refused = run(script, "nurse", "doctor")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("no such role here, or you are not root; write patient, clinic or all\n")
    assert run(script, "clinic").returncode == 2
