"""What an operator can set: environment variables read once, every mistake named at once, nothing guessed.

Nothing here touches the disk or the network, and no message repeats a value that may hold a password.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from app.values import (
    is_any_address,
    is_loopback,
    parse_contact,
    parse_database_url,
    parse_flag,
    parse_host,
    parse_number,
    parse_path,
    parse_policy,
    parse_public_url,
    parse_redis_url,
    parse_smtp_url,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """What argon2id spends on a password: memory in KiB, passes over it, and lanes."""

    memory: int
    passes: int
    lanes: int


_PACKAGE: Final = Path(__file__).parent
_PREFIX: Final = "FOREWORD_"
_PORTS: Final = range(1, 65536)
_HOPS: Final = range(10)
_IDLE_MINUTES: Final = range(1, 61)
_STAFF_HOURS: Final = range(1, 25)
_HOURS: Final = range(24)
_BACKUP_DAYS: Final = range(1, 401)
_DRAIN_SECONDS: Final = range(61)
_SENDS_AN_HOUR: Final = range(60, 1_000_001)
_TEST_COST: Final = PasswordCost(8, 1, 1)
_LEAST_COST: Final = PasswordCost(19 * 1024, 2, 1)  # OWASP's least for argon2id (security.md S7)
_MOST_COST: Final = PasswordCost(1024 * 1024, 16, 16)


class StartError(Exception):
    """The program cannot start as it was asked to; `problems` holds every reason, each one sentence for an operator."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ProgramRole(StrEnum):
    """Whom a program serves (design D-7)."""

    ALL = "all"
    PATIENT = "patient"
    CLINIC = "clinic"


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, its default in words, and what it is for."""

    name: str
    default: str
    help: str


SETTINGS: Final = (
    Setting("HOST", "127.0.0.1", "The address to listen on."),
    Setting("PORT", "8000", "The port to listen on."),
    Setting(
        "FOREWORD_PUBLIC_URL",
        "http://127.0.0.1:PORT",
        "The address people open, without a path; https unless it is this machine.",
    ),
    Setting(
        "FOREWORD_DATA",
        "instance/",
        "The folder for the database and the keys; made if missing, open to its owner only.",
    ),
    Setting(
        "FOREWORD_DATABASE_URL",
        "foreword.sqlite3 in FOREWORD_DATA",
        "The database: sqlite:////folder/file.db or postgresql+psycopg://user:password@host/name.",
    ),
    Setting(
        "FOREWORD_REDIS_URL",
        "none",
        "Where tries to sign in are counted instead of in the database: redis://:password@host, or rediss:// with TLS.",
    ),
    Setting("FOREWORD_QUESTIONS", "questions.yaml", "The questionnaire file; the default comes with the program."),
    Setting("FOREWORD_DEMO", "0", "1 shows the demonstration clinic, with a banner on every page."),
    Setting(
        "FOREWORD_ROLE",
        "all",
        "Whom to serve: patient (needs no private key and can open nothing that was sent), clinic (its staff), or all.",
    ),
    Setting(
        "FOREWORD_CLINIC_URL",
        "FOREWORD_PUBLIC_URL",
        "The address staff open, where it is another one than patients open.",
    ),
    Setting(
        "FOREWORD_KEY_PASSPHRASE",
        "none",
        "Locks the private keys in FOREWORD_DATA; without it, only their file permissions do.",
    ),
    Setting(
        "FOREWORD_KEY_PASSPHRASE_BEFORE",
        "none",
        "Opens the keys that are still locked with the passphrase before, while it is changed.",
    ),
    Setting(
        "FOREWORD_PASSWORD_COST",
        "65536,3,4",
        "What argon2id spends on a staff password: KiB of memory, passes, lanes; hashed anew at sign-in as it rises.",
    ),
    Setting(
        "FOREWORD_STAFF_IDLE_MINUTES",
        "15",
        "After how many minutes without a click staff are signed out: 1 to 60.",
    ),
    Setting("FOREWORD_STAFF_HOURS", "8", "After how many hours staff sign in again, whatever they do: 1 to 24."),
    Setting(
        "FOREWORD_SMTP_URL",
        "none",
        "The e-mail server for the daily notice that something is waiting: smtps://user:password@host?from=address.",
    ),
    Setting(
        "FOREWORD_SECURITY_CONTACT",
        "none",
        "Where to report a weakness, for /.well-known/security.txt: mailto:, https: or tel:.",
    ),
    Setting(
        "FOREWORD_SECURITY_POLICY",
        "none",
        "The https address of the page that says how the clinic handles such reports.",
    ),
    Setting("FOREWORD_BACKUP_FOLDER", "none", "The folder in which a sealed backup is put every night."),
    Setting("FOREWORD_BACKUP_HOUR", "3", "From which hour on, by the clinic's clock, the backup is made: 0 to 23."),
    Setting("FOREWORD_BACKUP_DAYS", "30", "For how many days the backups in that folder are kept: 1 to 400."),
    Setting("FOREWORD_SENDS_AN_HOUR", "300", "How many forms are taken from one network in an hour: 60 to 1000000."),
    Setting(
        "FOREWORD_DRAIN_SECONDS",
        "0",
        "For how many seconds newcomers are still served after the program is told to stop: 0 to 60.",
    ),
    Setting("FOREWORD_TRUSTED_HOPS", "0", "How many proxies in front are believed about who asked and how."),
    Setting("FOREWORD_METRICS", "none", "The address and port at which Prometheus finds the numbers: 127.0.0.1:9100."),
)
"""Every setting there is, in the order of docs/settings.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one running program."""

    host: str
    port: int
    public_url: str
    data: Path
    database_url: str = field(repr=False)  # it can hold a password
    redis_url: str = field(repr=False, default="")  # it can hold a password
    questions: Path
    is_demo: bool
    role: ProgramRole = ProgramRole.ALL
    clinic_url: str
    key_passphrase: str = field(repr=False, default="")
    key_passphrase_before: str = field(repr=False, default="")
    smtp_url: str = field(repr=False, default="")  # it can hold a password
    password_cost: PasswordCost = PasswordCost(65536, 3, 4)
    staff_idle: timedelta = timedelta(minutes=15)
    staff_life: timedelta = timedelta(hours=8)
    backup_folder: Path | None = None
    backup_hour: int = 3
    backup_days: int = 30
    drain_seconds: int = 0
    sends_an_hour: int = 300
    security_contact: str = ""
    security_policy: str = ""
    trusted_hops: int
    metrics: tuple[str, int] | None = None

    @property
    def key_passphrases(self) -> tuple[str, ...]:
        """Return what a private key may be locked with: first the passphrase, then the one before it."""
        return (self.key_passphrase, self.key_passphrase_before)[: 2 if self.key_passphrase_before else 1]

    @property
    def is_https(self) -> bool:
        """Tell whether people reach the program by https."""
        return self.public_url.startswith("https:")

    @property
    def served_urls(self) -> tuple[str, ...]:
        """Return the addresses that this program is opened under: patients' first, then staff's where it is another."""
        patients = (self.public_url,) if self.has_patients else ()
        staff = (self.clinic_url,) if self.has_staff and self.clinic_url not in patients else ()
        return patients + staff

    @property
    def has_patients(self) -> bool:
        """Tell whether patients are served."""
        return self.role is not ProgramRole.CLINIC

    @property
    def has_staff(self) -> bool:
        """Tell whether the clinic's staff are served, and private keys needed."""
        return self.role is not ProgramRole.PATIENT


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings an environment holds, or raise `StartError` with everything that is wrong with it.

    A variable that is set to nothing counts as not set, as it does for most programs.
    """
    given = {name: value for name, value in environ.items() if value}
    read = _Reader(given, [*_find_unknown_names(given), *_find_debugger(given)])
    host, port = read("HOST", "127.0.0.1", parse_host), read("PORT", "8000", _parse_port)
    data = read("FOREWORD_DATA", "instance", parse_path)
    public_url = read("FOREWORD_PUBLIC_URL", f"http://{_name_own_host(host)}:{port}", parse_public_url)
    settings = Settings(
        host=host,
        port=port,
        public_url=public_url,
        data=data,
        database_url=read("FOREWORD_DATABASE_URL", f"sqlite:///{data / 'foreword.sqlite3'}", parse_database_url),
        redis_url=read("FOREWORD_REDIS_URL", "", parse_redis_url),
        questions=read("FOREWORD_QUESTIONS", str(find_resource("questions.yaml")), parse_path),
        is_demo=read("FOREWORD_DEMO", "0", parse_flag),
        role=read("FOREWORD_ROLE", "all", _parse_role),
        clinic_url=read("FOREWORD_CLINIC_URL", public_url, parse_public_url),
        key_passphrase=given.get("FOREWORD_KEY_PASSPHRASE", ""),
        key_passphrase_before=given.get("FOREWORD_KEY_PASSPHRASE_BEFORE", ""),
        password_cost=read("FOREWORD_PASSWORD_COST", "65536,3,4", _parse_password_cost),
        staff_idle=timedelta(minutes=read("FOREWORD_STAFF_IDLE_MINUTES", "15", _parse_idle_minutes)),
        staff_life=timedelta(hours=read("FOREWORD_STAFF_HOURS", "8", _parse_staff_hours)),
        smtp_url=read("FOREWORD_SMTP_URL", "", parse_smtp_url),
        security_contact=read("FOREWORD_SECURITY_CONTACT", "", parse_contact),
        security_policy=read("FOREWORD_SECURITY_POLICY", "", parse_policy),
        backup_folder=read("FOREWORD_BACKUP_FOLDER", "", lambda text: parse_path(text) if text else None),
        backup_hour=read("FOREWORD_BACKUP_HOUR", "3", lambda text: parse_number(text, _HOURS)),
        backup_days=read("FOREWORD_BACKUP_DAYS", "30", lambda text: parse_number(text, _BACKUP_DAYS)),
        drain_seconds=read("FOREWORD_DRAIN_SECONDS", "0", lambda text: parse_number(text, _DRAIN_SECONDS)),
        sends_an_hour=read("FOREWORD_SENDS_AN_HOUR", "300", lambda text: parse_number(text, _SENDS_AN_HOUR)),
        trusted_hops=read("FOREWORD_TRUSTED_HOPS", "0", _parse_hops),
        metrics=read("FOREWORD_METRICS", "", _parse_metrics),
    )
    if found := [*read.problems, *_find_conflicts(settings, is_public="FOREWORD_PUBLIC_URL" in given)]:
        raise StartError(*found)
    return settings


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one variable after the other; what cannot be used is added to the problems, and the default taken."""

    given: Mapping[str, str]
    problems: list[str]

    def __call__(self, name: str, default: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(self.given.get(name, default))
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return parse(default)


def find_resource(name: str) -> Path:
    """Return where a file or folder that comes along with the program is: in the wheel, or beside `app/`."""
    bundled = _PACKAGE / "_bundle" / name
    return bundled if bundled.exists() else _PACKAGE.parent / name


def _find_unknown_names(given: Mapping[str, str]) -> list[str]:
    known = [setting.name.removeprefix(_PREFIX) for setting in SETTINGS if setting.name.startswith(_PREFIX)]
    problems = []
    for name in sorted(given):
        rest = name.removeprefix(_PREFIX)
        if name.startswith(_PREFIX) and rest not in known:
            near = difflib.get_close_matches(rest, known, n=1)
            remedy = f"did you mean {_PREFIX}{near[0]}?" if near else "docs/settings.md lists those there are; unset it"
            problems.append(f"{name}: there is no such setting; {remedy}")
    return problems


def _find_conflicts(settings: Settings, *, is_public: bool) -> list[str]:
    """Return what does not go together; `is_public` when an address for people was set."""
    problems = []
    is_private = _is_private(settings.public_url) and _is_private(settings.clinic_url)
    if settings.password_cost == _TEST_COST and not is_private:
        problems.append(
            "FOREWORD_PASSWORD_COST: test is for tests, and others can reach this address; write 65536,3,4, or unset it"
        )
    schemes = [urlsplit(url).scheme for url in (settings.public_url, settings.clinic_url)]
    if schemes[0] != schemes[1]:
        problems.append(
            f"FOREWORD_CLINIC_URL: it begins with {schemes[1]}:// and FOREWORD_PUBLIC_URL with {schemes[0]}://, "
            "and a cookie is safe with one of them only; set both to https:// addresses"
        )
    if settings.key_passphrase_before and not settings.key_passphrase:
        problems.append("FOREWORD_KEY_PASSPHRASE_BEFORE: FOREWORD_KEY_PASSPHRASE is none; set that to the new one, too")
    host = settings.host
    if settings.metrics is not None and settings.metrics[1] == settings.port:
        problems.append(
            f"FOREWORD_METRICS: port {settings.port} is the one that people open, and the numbers are not for them; "
            "choose another port"
        )
    if not is_public and not is_loopback(host) and not is_any_address(host):
        problems.append(
            f"HOST: {host} can be reached from other machines, which need an address to open; "
            "set FOREWORD_PUBLIC_URL to it, starting with https://"
        )
    return problems


def _find_debugger(given: Mapping[str, str]) -> list[str]:
    # Flask reads this one by itself, and its debugger shows answers and runs code for whoever finds it (S33).
    if given.get("FLASK_DEBUG", "0").lower() in {"0", "false", "no"}:
        return []
    return ["FLASK_DEBUG: the debugger would show answers and run code for anybody; unset it"]


def _parse_role(text: str) -> ProgramRole:
    try:
        return ProgramRole(text)
    except ValueError:
        raise ValueError(f"{text!r} is nobody to serve; write all, patient, or clinic") from None


def _parse_password_cost(text: str) -> PasswordCost:
    if text == "test":
        return _TEST_COST
    numbers = [int(part) for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 9]  # noqa: PLR2004  no sum of memory is longer
    if len(numbers) != 3 or text.count(",") != 2:  # noqa: PLR2004  KiB, passes, lanes
        raise ValueError(f"{text!r} is not three numbers; write KiB of memory, passes and lanes, such as 65536,3,4")
    cost = PasswordCost(*numbers)
    if cost.memory < _LEAST_COST.memory or cost.passes < _LEAST_COST.passes or cost.lanes < _LEAST_COST.lanes:
        raise ValueError(f"{text!r} is too little against guessing; write at least 19456,2,1")
    if cost.memory > _MOST_COST.memory or cost.passes > _MOST_COST.passes or cost.lanes > _MOST_COST.lanes:
        raise ValueError(f"{text!r} would keep everybody waiting; write at most 1048576,16,16")
    return cost


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or host.endswith(".test")  # a name that RFC 6761 keeps for tests


def _parse_port(text: str) -> int:
    return parse_number(text, _PORTS)


def _parse_hops(text: str) -> int:
    return parse_number(text, _HOPS)


def _parse_metrics(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not colon:
        raise ValueError(f"{text!r} has no port; write an address and a port, such as 127.0.0.1:9100")
    return parse_host(host), parse_number(port, _PORTS)


def _parse_idle_minutes(text: str) -> int:
    return parse_number(text, _IDLE_MINUTES)


def _parse_staff_hours(text: str) -> int:
    return parse_number(text, _STAFF_HOURS)


def _name_own_host(host: str) -> str:
    if is_loopback(host):
        return f"[{host}]" if ":" in host else host
    return "127.0.0.1"
