"""The documentation names all there is and nothing else: settings, commands with their options, and YAML keys."""

import re
from collections.abc import Iterator
from itertools import pairwise

import click
import pytest

from app.cli import main
from app.questionnaire.keys import KEYS
from app.settings import SETTINGS, Setting
from tests.support.source import ROOT

CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#{2,} .*$", re.MULTILINE)


def read_sections(name: str) -> dict[str, str]:
    """Return the text under each heading of a page under docs/, by the first code in the heading."""
    text = (ROOT / "docs" / name).read_text()
    headings = [*HEADING.finditer(text), None]
    return {
        code.group(1): text[here.end() : following.start() if following else len(text)]
        for here, following in pairwise(headings)
        if here and (code := CODE.search(here.group()))
    }


def list_commands(command: click.Command, path: str = "foreword") -> Iterator[tuple[str, click.Command]]:
    """Give the full name and the command of every verb, and of what is below it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None, f"{path} lists {name} and does not have it"
        yield from list_commands(below, f"{path} {name}")


COMMANDS = dict(list_commands(main))


def test_every_setting_has_a_heading_and_nothing_else_has() -> None:
    assert read_sections("settings.md").keys() == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_told_with_its_default(setting: Setting) -> None:
    assert setting.default in read_sections("settings.md")[setting.name]


def test_every_command_has_a_heading_and_nothing_else_has() -> None:
    assert read_sections("commands.md").keys() == COMMANDS.keys()


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_is_told_with_its_options(path: str) -> None:
    section = read_sections("commands.md")[path]
    named = {option for parameter in COMMANDS[path].params for option in parameter.opts if option.startswith("--")}
    assert COMMANDS[path].help, f"{path} has no help"
    assert named == set(re.findall(r"`(--[a-z-]+)", section))


def test_every_table_of_keys_has_a_heading() -> None:
    assert KEYS.keys() <= read_sections("questions-yaml.md").keys()


@pytest.mark.parametrize("table", KEYS)
def test_every_key_is_told_under_its_table(table: str) -> None:
    told = set(CODE.findall(read_sections("questions-yaml.md")[table]))
    missing = KEYS[table].keys() - told
    assert not missing, f"docs/questions-yaml.md says nothing of {sorted(missing)} under {table}"
