"""The settings as one form: what can be chosen comes from the data, and every rule is `app.clinic.rules`'.

It must never decide what may be set, and never change what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import available_timezones

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField

from app.clinic import rules
from app.clinic.profile import SUICIDAL_THOUGHTS_YES, ClinicSettings
from app.clinic.rules import SettingError
from app.questionnaire.crisis import CrisisSet
from app.questionnaire.edition import Edition
from app.questionnaire.model import Face
from app.web.i18n import translate

MAY_SEND: Final = "send"
PRINT_ONLY: Final = "print"
RECEIVING: Final = "yes"
NOT_RECEIVING: Final = "no"

_AREAS: Final = frozenset({"Etc", "US", "Canada", "Brazil", "Mexico", "Chile", "SystemV"})  # other names of the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What there is to choose from: countries with their help lines, and answers that a list can mark."""

    countries: Mapping[str, CrisisSet]
    answers: Mapping[str, str]
    """By `linkId=code`: the question and the answer in words."""


@dataclass(frozen=True, slots=True)
class ControlProblem:
    """What to enter instead, and the control it is about."""

    control: str
    sentence: str


class SettingsForm(Form):
    """Everything a clinic sets."""

    name = StringField("Clinic’s name")
    contact = TextAreaField("How patients reach the clinic")
    time_zone = SelectField("Time zone", validate_choice=False)
    country = SelectField("Country your patients live in", validate_choice=False)
    emergency = StringField("Emergency number")
    others = SelectMultipleField("Help lines of further countries", validate_choice=False)
    reading_days = StringField("Usual reading time, in working days")
    retention_days = StringField("Days until a form is deleted")
    protocol_owner = StringField("Protocol owner")
    receiving = RadioField("Receive answers from patients", validate_choice=False)
    pause_note = StringField("A sentence for patients while none are received")
    privacy = TextAreaField("Your own paragraph in the privacy notice")
    minors = RadioField("When a patient gives an age under 18", validate_choice=False)
    part_2 = RadioField("42 CFR Part 2", validate_choice=False)
    marked = SelectMultipleField("Answers marked in the list", validate_choice=False)
    notice_to = TextAreaField("E-mail addresses for a daily notice")

    def __init__(self, typed: MultiDict[str, str] | None, choices: Choices, held: ClinicSettings | None = None) -> None:
        """Hold what was typed, or else what is set, and the choices there are."""
        self.choices = choices
        super().__init__(typed, data=_fill(held))
        self.settings: ClinicSettings | None = None
        self.problems: list[ControlProblem] = []
        zones = list_zones(held.time_zone if held else "UTC")
        self.time_zone.choices = [("", translate("Choose")), *zones]
        countries = [(code, entry.country_name) for code, entry in choices.countries.items()]
        self.country.choices = [("", translate("Choose")), *countries]

    def read(self) -> ClinicSettings | None:
        """Return the settings that were typed, or None where a field has a problem; `problems` has them in order."""
        values = {name: self._read_field(name, rule) for name, rule in self._list_rules()}
        if not self.problems:
            countries = dict.fromkeys((values.pop("country"), *values.pop("others")))
            minors, part_2, receiving = (values.pop(name) for name in ("minors", "part_2", "receiving"))
            self.settings = ClinicSettings(
                countries=tuple(countries),
                is_print_only_for_minors=minors == PRINT_ONLY,
                has_part_2=part_2 == "yes",
                is_receiving=receiving == RECEIVING,
                **values,
            )
        return self.settings

    def _read_field(self, name: str, rule: Callable[[Any], Any]) -> Any:  # noqa: ANN401  each setting has its own type
        field: Field = self._fields[name]
        try:
            return rule(field.data or "")
        except SettingError as error:
            sentence = translate(str(error))
            field.errors = (*field.errors, sentence)
            # The list of them stands apart from the fields: each begins with what the field is called.
            self.problems.append(ControlProblem(name, f"{field.label.text}: {sentence}"))
            return None

    def _list_rules(self) -> Sequence[tuple[str, Callable[[Any], Any]]]:
        countries, country = self.choices.countries, self.country.data or ""
        is_without_number = country in countries and not countries[country].emergency_tel
        return (
            ("name", lambda typed: rules.read_line(typed, "Enter the clinic’s name, as patients know it")),
            ("contact", lambda typed: rules.read_text(typed, "Enter how patients reach the clinic")),
            ("time_zone", rules.read_time_zone),
            (
                "country",
                lambda chosen: rules.read_choice(chosen, countries, "Choose your patients’ country"),
            ),
            ("emergency", lambda typed: rules.read_emergency(typed, is_needed=is_without_number)),
            ("others", lambda chosen: rules.read_choices(chosen, countries)),
            ("reading_days", lambda typed: rules.read_days(typed, rules.READING_DAYS)),
            ("retention_days", lambda typed: rules.read_days(typed, rules.RETENTION_DAYS)),
            (
                "protocol_owner",
                lambda typed: rules.read_line(typed, "Enter who answers for how forms are handled"),
            ),
            (
                "receiving",
                lambda chosen: rules.read_choice(chosen, (RECEIVING, NOT_RECEIVING), "Choose one of the two"),
            ),
            ("pause_note", rules.read_line),
            ("privacy", rules.read_text),
            ("minors", lambda chosen: rules.read_choice(chosen, (MAY_SEND, PRINT_ONLY), "Choose one of the two")),
            ("part_2", lambda chosen: rules.read_choice(chosen, ("no", "yes"), "Choose one of the two")),
            ("marked", lambda chosen: rules.read_choices(chosen, self.choices.answers)),
            ("notice_to", rules.read_addresses),
        )


def list_zones(held: str) -> list[tuple[str, str]]:
    """Return the time zones by name, without other names of the same ones unless one is set."""
    zones = {zone for zone in available_timezones() if "/" in zone and zone.partition("/")[0] not in _AREAS}
    return [(zone, zone.replace("_", " ")) for zone in sorted({*zones, "UTC", held})]


def list_answers(edition: Edition, language: str, held: ClinicSettings | None) -> dict[str, str]:
    """Return every answer to a screening question, and those set before that are asked no longer."""
    answers = {
        f"{item.link_id}={option.code}": option.display.to(language)
        for item in edition.questions
        if item.face is Face.SCREENING
        for option in item.answer_options
    }
    gone = [answer for answer in (held.marked if held else ()) if answer not in answers]
    return answers | {answer: translate("%s (no longer asked)") % answer for answer in gone}


def _fill(held: ClinicSettings | None) -> dict[str, Any]:
    if held is None:
        return {"marked": [SUICIDAL_THOUGHTS_YES], "receiving": RECEIVING}
    return {
        "name": held.name,
        "contact": held.contact,
        "time_zone": held.time_zone,
        "country": held.countries[0],
        "others": list(held.countries[1:]),
        "emergency": held.emergency,
        "reading_days": f"{held.reading_days}",
        "retention_days": f"{held.retention_days}",
        "protocol_owner": held.protocol_owner,
        "receiving": RECEIVING if held.is_receiving else NOT_RECEIVING,
        "pause_note": held.pause_note,
        "privacy": held.privacy,
        "minors": PRINT_ONLY if held.is_print_only_for_minors else MAY_SEND,
        "part_2": "yes" if held.has_part_2 else "no",
        "marked": list(held.marked),
        "notice_to": "\n".join(held.notice_to),
    }
