"""The exceptions of the core.

    QuestionnaireError
    ├── DefinitionError      a questionnaire file has faults (carries every one of them)
    ├── UnknownItemError     a linkId that the edition does not have
    └── StoredAnswerError    stored answers that do not fit their edition

No exception here ever carries an answer: exceptions are logged.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a questionnaire file, said so that an author can mend it.

    >>> str(Fault("questions.yaml", 42, 7, "smoker", 'enableWhen names "tobaco"', 'did you mean "tobacco"?'))
    'questions.yaml:42:7: smoker: enableWhen names "tobaco"; did you mean "tobacco"?'
    """

    file: str
    line: int
    column: int
    item: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        """Return `file:line:column: item: fault; remedy`."""
        return f"{self.file}:{self.line}:{self.column}: {self.item}: {self.fault}; {self.remedy}"


class QuestionnaireError(Exception):
    """The root of everything the core raises."""


class DefinitionError(QuestionnaireError):
    """A questionnaire file has faults; `faults` holds all of them in file order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep the faults, sorted by place."""
        super().__init__(f"{len(faults)} fault(s) in the questionnaire file")
        self.faults = tuple(sorted(faults))


class UnknownItemError(QuestionnaireError):
    """The edition has no item with this linkId."""

    def __init__(self, link_id: str) -> None:
        """Keep the linkId that was asked for."""
        super().__init__(f"no item {link_id!r} in this edition")
        self.link_id = link_id


class StoredAnswerError(QuestionnaireError):
    """Stored answers do not fit their edition; carries the linkId, never the answer."""

    def __init__(self, link_id: str) -> None:
        """Keep the linkId whose stored answer cannot be read."""
        super().__init__(f"the stored answer of {link_id!r} cannot be read")
        self.link_id = link_id
