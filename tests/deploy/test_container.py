"""The Containerfile and the compose file, read: an image is not built here (docs/deploying.md says so)."""

import re
from pathlib import Path

import pytest
import yaml

from app.settings import load_settings
from tests.deploy.proxies import DEPLOY
from tests.support.source import ROOT

FOLDER = DEPLOY / "container"
TEXT = (FOLDER / "Containerfile").read_text().replace("\\\n", " ")
STEPS = [line.split(None, 1) for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
OURS = ("patient", "clinic")


def find(word: str) -> list[str]:
    return [rest for name, rest in STEPS if name == word]


def test_what_is_copied_is_there_and_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = [one for rest in find("COPY") if not rest.startswith("--from") for one in rest.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in let_in or source.split("/")[0] in let_in, source


def test_nothing_comes_without_its_hash_and_nothing_is_left_to_build_with() -> None:
    installs = [line for line in re.split(r"&&", " && ".join(find("RUN"))) if re.search(r"pip (install|wheel)", line)]
    assert len(installs) == 4
    for line in installs:
        assert "--require-hashes" in line or "--no-index" in line, line
    assert "pip uninstall" in TEXT
    assert len({rest.split()[0] for rest in find("FROM")}) == 1
    assert not re.search(r"^FROM\s+\S*[./]\S*/", TEXT, re.MULTILINE), "an image's name without a registry"


def test_it_runs_as_nobody_in_particular_and_says_whether_it_lives() -> None:
    assert find("USER") == ["10001:10001"]
    assert STEPS.index(["USER", "10001:10001"]) > max(STEPS.index(step) for step in STEPS if step[0] == "RUN")
    [health] = find("HEALTHCHECK")
    assert "/healthz" in health
    assert "ADD" not in {name for name, _ in STEPS}


def test_the_two_roles_are_apart_and_locked_up() -> None:
    services = COMPOSE["services"]
    for name in OURS:
        service = services[name]
        assert service["environment"]["FOREWORD_ROLE"] == name
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in service
        assert all(COMPOSE["networks"][network]["internal"] for network in service["networks"])
    volumes = [{volume.split(":")[0] for volume in services[name]["volumes"]} for name in OURS]
    assert not volumes[0] & volumes[1]  # no key of the clinic's within the patients' reach (design D-7)
    assert not {"FOREWORD_KEY_PASSPHRASE", "FOREWORD_DATABASE_URL"} & set(services["patient"]["secrets"])
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_a_new_volume_belongs_to_the_user_who_writes_there() -> None:
    # A volume takes its owner from the image's folder, and is root's where there is none.
    [made] = re.findall(r"install -d -m 0700 -o foreword -g foreword ([^&]+)", find("RUN")[-1])
    mounted = {volume.split(":")[1] for name in OURS for volume in COMPOSE["services"][name]["volumes"]}
    assert mounted == set(made.split())


@pytest.mark.parametrize("name", OURS)
def test_its_settings_are_ones_the_program_takes(name: str) -> None:
    service = COMPOSE["services"][name]
    secrets = {
        "FOREWORD_DATABASE_URL": "postgresql+psycopg://foreword:word@database/foreword",
        "patient_FOREWORD_DATABASE_URL": "postgresql+psycopg://foreword_patient:word@database/foreword",
        "FOREWORD_REDIS_URL": "redis://:word@redis",
        "FOREWORD_KEY_PASSPHRASE": "word",
    }
    environ = {**service["environment"], **{as_setting(secret): secrets[secret] for secret in service["secrets"]}}
    settings = load_settings({**environ, "FOREWORD_DATA": "/data", "HOST": "0.0.0.0"})  # noqa: S104  as the image has it
    assert settings.role.value == name
    user = "foreword_patient" if name == "patient" else "foreword"
    assert settings.database_url.startswith(f"postgresql+psycopg://{user}:")


def as_setting(secret: str) -> str:
    return f"FOREWORD_{secret.rpartition('FOREWORD_')[2]}"  # as with-secrets does


def test_no_password_stands_in_it() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    assert not re.search(r"(PASSWORD|PASSPHRASE|DATABASE_URL|REDIS_URL)\s*[:=]\s*[\"']?\w+$", text, re.MULTILINE)
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("secrets/")
        assert not (FOLDER / secret["file"]).exists() or is_ignored(FOLDER / secret["file"])


def is_ignored(path: Path) -> bool:
    return f"{path.parent.relative_to(ROOT)}/" in (ROOT / ".gitignore").read_text().splitlines()


def test_its_proxy_is_given_what_the_shipped_caddyfile_names() -> None:
    mounts = dict(volume.split(":")[:2] for volume in COMPOSE["services"]["proxy"]["volumes"])
    assert (FOLDER / next(source for source in mounts if source.endswith("Caddyfile"))).resolve().is_file()
    asked = set(re.findall(r"\{\$([A-Z_]+)", (DEPLOY / "caddy/Caddyfile").read_text()))
    assert asked == set(COMPOSE["services"]["proxy"]["environment"])
    named = set(re.findall(r"/etc/foreword/(\w+)", (DEPLOY / "caddy/Caddyfile").read_text()))
    assert {f"/etc/foreword/{name}" for name in named} <= set(mounts.values())
