"""Settings: read from an environment, every mistake named at once, nothing secret repeated."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.settings import SETTINGS, PasswordCost, ProgramRole, Settings, StartError, find_resource, load_settings

ROOT = Path(__file__).parents[1]
EVERYTHING = {
    "HOST": "0.0.0.0",  # noqa: S104  what a container is told
    "PORT": "9000",
    "FOREWORD_PUBLIC_URL": "https://Clinic.Example/",
    "FOREWORD_DATA": "/data",
    "FOREWORD_DATABASE_URL": "postgresql+psycopg://user:word@host/name",
    "FOREWORD_QUESTIONS": "/other.yaml",
    "FOREWORD_DEMO": "1",
    "FOREWORD_ROLE": "clinic",
    "FOREWORD_CLINIC_URL": "https://staff.clinic.example",
    "FOREWORD_KEY_PASSPHRASE": "a passphrase",
    "FOREWORD_KEY_PASSPHRASE_BEFORE": "the one before",
    "FOREWORD_PASSWORD_COST": "131072,4,2",
    "FOREWORD_STAFF_IDLE_MINUTES": "60",
    "FOREWORD_STAFF_HOURS": "24",
    "FOREWORD_SENDS_AN_HOUR": "60",
    "FOREWORD_SECURITY_CONTACT": "mailto:security@clinic.example",
    "FOREWORD_SECURITY_POLICY": "https://clinic.example/reports",
    "FOREWORD_TRUSTED_HOPS": "2",
    "FOREWORD_METRICS": "[::1]:9100",
    "OTHER": "of no matter",
}


def find_problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(StartError) as refused:
        load_settings(environ)
    return refused.value.problems


def test_nothing_has_to_be_set() -> None:
    assert load_settings({}) == Settings(
        host="127.0.0.1",
        port=8000,
        public_url="http://127.0.0.1:8000",
        data=Path.cwd() / "instance",
        database_url=f"sqlite:///{Path.cwd()}/instance/foreword.sqlite3",
        questions=ROOT / "questions.yaml",
        is_demo=False,
        role=ProgramRole.ALL,
        clinic_url="http://127.0.0.1:8000",
        key_passphrase="",
        trusted_hops=0,
    )


def test_everything_can_be_set() -> None:
    settings = load_settings(EVERYTHING)
    assert settings == Settings(
        host="0.0.0.0",  # noqa: S104  as above
        port=9000,
        public_url="https://clinic.example",
        data=Path("/data"),
        database_url="postgresql+psycopg://user:word@host/name",
        questions=Path("/other.yaml"),
        is_demo=True,
        role=ProgramRole.CLINIC,
        clinic_url="https://staff.clinic.example",
        key_passphrase="a passphrase",
        key_passphrase_before="the one before",
        password_cost=PasswordCost(131072, 4, 2),
        staff_idle=timedelta(hours=1),
        staff_life=timedelta(hours=24),
        sends_an_hour=60,
        security_contact="mailto:security@clinic.example",
        security_policy="https://clinic.example/reports",
        trusted_hops=2,
        metrics=("::1", 9100),
    )
    assert settings.is_https
    assert "user:word" not in repr(settings)
    assert "the one before" not in repr(settings)


def test_a_variable_set_to_nothing_is_not_set() -> None:
    assert load_settings({"PORT": "", "FOREWORD_DEMO": "", "FOREWORD_NOTHING": ""}) == load_settings({})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://clinic.example:443/", "https://clinic.example"),
        ("https://clinic.example:8443", "https://clinic.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.0.0.9", "http://127.0.0.9"),
        ("HTTPS://CLINIC.EXAMPLE", "https://clinic.example"),
    ],
)
def test_the_public_address_is_written_as_browsers_write_it(url: str, expected: str) -> None:
    assert load_settings({"FOREWORD_PUBLIC_URL": url}).public_url == expected


@pytest.mark.parametrize(
    "url",
    [
        "clinic.example",
        "ftp://clinic.example",
        "https://",
        "https://user:word@clinic.example",
        "https://clinic.example/path",
        "https://clinic.example?x",
        "https://clinic.example#x",
        "https://clinic.example:99999",
        "https://clinic.example:x",
        "https://clinic example",
        "https://[::1",
        "https://kliniék.example",
        "https://-clinic.example",
    ],
)
def test_what_is_no_public_address_is_refused(url: str) -> None:
    (problem,) = find_problems(FOREWORD_PUBLIC_URL=url)
    assert problem.startswith("FOREWORD_PUBLIC_URL: ")
    assert "word" not in problem.lower().replace("foreword", "")


@pytest.mark.parametrize("host", ["clinic.example", "192.168.1.5", "10.0.0.1", "[2001:db8::1]"])
def test_answers_never_cross_a_network_in_the_clear(host: str) -> None:
    assert find_problems(FOREWORD_PUBLIC_URL=f"http://{host}", HOST="0.0.0.0") == (  # noqa: S104  the case in question
        "FOREWORD_PUBLIC_URL: answers would cross the network in the clear; write it with https://",
    )


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("all", ("https://forms.example", "https://staff.example")),
        ("patient", ("https://forms.example",)),
        ("clinic", ("https://staff.example",)),
    ],
)
def test_each_role_is_opened_under_its_own_address(role: str, expected: tuple[str, ...]) -> None:
    urls = {"FOREWORD_PUBLIC_URL": "https://forms.example", "FOREWORD_CLINIC_URL": "https://staff.example"}
    assert load_settings({"FOREWORD_ROLE": role, **urls}).served_urls == expected
    one = {"FOREWORD_PUBLIC_URL": "https://forms.example"}
    assert load_settings({"FOREWORD_ROLE": role, **one}).served_urls == ("https://forms.example",)


def test_both_addresses_begin_the_same_way() -> None:
    assert find_problems(FOREWORD_CLINIC_URL="https://staff.example") == (
        (
            "FOREWORD_CLINIC_URL: it begins with https:// and FOREWORD_PUBLIC_URL with http://, "
            "and a cookie is safe with one of them only; set both to https:// addresses"
        ),
    )


def test_an_address_for_others_needs_a_public_address() -> None:
    assert find_problems(HOST="192.168.1.5") == (
        (
            "HOST: 192.168.1.5 can be reached from other machines, which need an address to open; "
            "set FOREWORD_PUBLIC_URL to it, starting with https://"
        ),
    )
    assert load_settings({"HOST": "192.168.1.5", "FOREWORD_PUBLIC_URL": "https://clinic.example"}).host == "192.168.1.5"


@pytest.mark.parametrize(
    ("host", "public_url"),
    [
        ("localhost", "http://localhost:8000"),
        ("127.0.0.2", "http://127.0.0.2:8000"),
        ("::1", "http://[::1]:8000"),
        ("[::1]", "http://[::1]:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104  what a container is told
        ("::", "http://127.0.0.1:8000"),
    ],
)
def test_on_this_machine_the_public_address_follows_from_the_host(host: str, public_url: str) -> None:
    assert load_settings({"HOST": host}).public_url == public_url


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80x", " 80", "8_000", "\u0668\u0660", "9" * 30, "8000.0"])
def test_a_port_is_a_number_that_there_is(port: str) -> None:
    (problem,) = find_problems(PORT=port)
    assert problem.endswith("is not a number from 1 to 65535; write one")


@pytest.mark.parametrize("host", ["127.0.0.1:80", "http://127.0.0.1", "a b", "-x", "x" * 64])
def test_a_host_is_an_address_or_a_name(host: str) -> None:
    (problem,) = find_problems(HOST=host)
    assert problem.startswith("HOST: ")


@pytest.mark.parametrize("flag", ["yes", "true", "2", "01"])
def test_a_switch_is_one_or_nothing(flag: str) -> None:
    assert find_problems(FOREWORD_DEMO=flag) == (
        f"FOREWORD_DEMO: '{flag}' is neither yes nor no; write 1 for yes, or 0",
    )


@pytest.mark.parametrize("url", ["mysql://user:word@host/x", "postgresql://user:word@host/x", "word", "sqlite://"])
def test_another_database_is_refused_without_its_password(url: str) -> None:
    (problem,) = find_problems(FOREWORD_DATABASE_URL=url)
    assert "user:word" not in problem.replace("user:password", "")
    assert "postgresql+psycopg://" in problem


def test_an_unknown_name_is_refused_with_the_nearest_there_is() -> None:
    assert find_problems(FOREWORD_QUESTION="x", FOREWORD_ZZZZZZ="x") == (
        "FOREWORD_QUESTION: there is no such setting; did you mean FOREWORD_QUESTIONS?",
        "FOREWORD_ZZZZZZ: there is no such setting; docs/settings.md lists those there are; unset it",
    )


@pytest.mark.parametrize("value", ["1", "true", "on"])
def test_the_debugger_is_refused(value: str) -> None:
    assert find_problems(FLASK_DEBUG=value) == (
        "FLASK_DEBUG: the debugger would show answers and run code for anybody; unset it",
    )
    assert load_settings({"FLASK_DEBUG": "0"}) == load_settings({})


def test_every_problem_is_said_at_once() -> None:
    problems = find_problems(PORT="x", FOREWORD_DEMO="x", FOREWORD_TRUSTED_HOPS="x", FOREWORD_X="x")
    assert [problem.partition(":")[0] for problem in problems] == [
        "FOREWORD_X",
        "PORT",
        "FOREWORD_DEMO",
        "FOREWORD_TRUSTED_HOPS",
    ]


def test_the_documentation_tells_every_setting_as_the_program_does() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    told = [f"### `{setting.name}`\n\n{setting.help} Default: {setting.default}.\n" for setting in SETTINGS]
    assert "".join(part for part in told if part in text) == "".join(told)


def test_what_comes_with_the_program_is_found() -> None:
    assert find_resource("templates").is_dir()
    assert find_resource("questions.yaml").is_file()


@pytest.mark.parametrize(
    "cost", ["1,2", "19455,2,1", "19456,1,1", "19456,2,0", "9999999,2,1", "a,b,c", "65536,3,4,", "-1,2,3"]
)
def test_a_password_that_costs_too_little_or_too_much_is_refused(cost: str) -> None:
    (problem,) = find_problems(FOREWORD_PASSWORD_COST=cost)
    assert problem.startswith(f"FOREWORD_PASSWORD_COST: '{cost}' ")


def test_passwords_that_cost_next_to_nothing_are_refused_where_others_can_reach_them() -> None:
    for url in ("https://clinic.example", "https://forms.test.example"):
        (problem,) = find_problems(FOREWORD_PASSWORD_COST="test", FOREWORD_PUBLIC_URL=url)
        assert problem.startswith("FOREWORD_PASSWORD_COST: test is for tests")
    urls = {"FOREWORD_PUBLIC_URL": "https://forms.example.test", "FOREWORD_CLINIC_URL": "https://staff.clinic.example"}
    (problem,) = find_problems(FOREWORD_PASSWORD_COST="test", **urls)
    assert problem.startswith("FOREWORD_PASSWORD_COST: test is for tests")
    for url in ("http://127.0.0.1:8000", "https://forms.example.test"):
        assert load_settings({"FOREWORD_PASSWORD_COST": "test", "FOREWORD_PUBLIC_URL": url}).password_cost.passes == 1


@pytest.mark.parametrize(("name", "most"), [("FOREWORD_STAFF_IDLE_MINUTES", 60), ("FOREWORD_STAFF_HOURS", 24)])
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "forever", "61"])
def test_staff_cannot_be_signed_in_for_ever(name: str, most: int, text: str) -> None:
    (problem,) = find_problems(**{name: text})
    assert problem == f"{name}: {text!r} is not a number from 1 to {most}; write one"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("9100", "'9100' has no port; write an address and a port, such as 127.0.0.1:9100"),
        ("127.0.0.1:0", "'0' is not a number from 1 to 65535; write one"),
        ("a/b:9100", "'a/b' is not an address or a host name; write one without a port, such as 127.0.0.1"),
        (
            "127.0.0.1:8000",
            "port 8000 is the one that people open, and the numbers are not for them; choose another port",
        ),
    ],
)
def test_the_numbers_have_an_address_of_their_own(text: str, fault: str) -> None:
    assert find_problems(FOREWORD_METRICS=text) == (f"FOREWORD_METRICS: {fault}",)
