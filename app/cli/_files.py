"""Files that commands read and write, and what an operator is told when that cannot be done."""

import os
from pathlib import Path

from app.questionnaire.canonical import dump_canonical, hash_canonical
from app.questionnaire.definition import Definition
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.load import load_questionnaire
from app.questionnaire.yaml_tree import MAX_BYTES
from app.settings import StartError, load_settings


def find_questions(path: Path | None) -> Path:
    """Return the questionnaire file that was named, or the one in the settings."""
    return path or load_settings(os.environ).questions


def name_file(path: Path) -> str:
    """Return what a file is called in messages: from the current folder where it is in there."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_file(path: Path) -> bytes:
    """Return a file's content, or one byte more than can be read as YAML; raises StartError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise StartError(f"{name_file(path)}: there is no such file; look at its name and folder") from None
    except IsADirectoryError:
        raise StartError(f"{name_file(path)}: this is a folder; name a file in it") from None
    except OSError as error:
        raise StartError(f"{name_file(path)}: it cannot be read: {error.strerror}; look at its permissions") from None


def write_file(path: Path, content: bytes) -> None:
    """Write a file, over one that is there; raises StartError when it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StartError(
            f"{name_file(path)}: it cannot be written: {error.strerror}; name a file in a folder of yours"
        ) from None


def read_definition(path: Path) -> Definition:
    """Return a questionnaire file's definition; raises DefinitionError with its faults, or StartError."""
    return load_questionnaire(read_file(path), name_file(path))


def make_edition(definition: Definition) -> Edition:
    """Return the edition that a definition would be served as."""
    return build_edition(definition.questionnaire, hash_canonical(dump_canonical(definition.questionnaire)))
