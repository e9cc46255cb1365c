"""What stands around the answers: the fixed words, dates and the clinic's contacts, in one language.

Shared by the web and the command line. It must never look at an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from app.questionnaire.crisis import CrisisLine, CrisisSet
from app.questionnaire.identity import list_contacts
from app.questionnaire.model import Word
from app.questionnaire.sent import Patient
from app.questionnaire.summary import Frame
from app.questionnaire.summary_model import NOT_SENT, Contact, Sending, SummaryWords

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """The clinic that gives the form out: its name, the contacts it chose, and what it tells its patients.

    `reading_days` are working days in which staff usually read a form, `retention_days` days until it is deleted.
    Unless it `is_receiving`, patients cannot send at the moment; `pause_note` is what it tells them of that.
    """

    name: str
    contact: str
    time_zone: str
    crisis: CrisisSet
    is_demonstration: bool
    leave_url: str = "https://www.weather.gov/"
    reading_days: int = 0
    retention_days: int = 0
    privacy: str = ""
    is_print_only_for_minors: bool = False
    has_part_2: bool = False
    is_receiving: bool = True
    pause_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A sent response as its paper tells of it: `sent_at` is a moment in UTC, `address` the staff page's.

    `remark` follows the moment: which version it was, and whether the paper says something else than what was sent.
    `has_contact` only on the clinic's copy: a paper is easily left lying. `redisclosure` is the line under every page
    for a clinic that 42 CFR Part 2 binds, and empty for others (clinical.md L-20).
    """

    reference: str
    patient: Patient
    sent_at: datetime
    address: str
    remark: str = ""
    has_contact: bool = False
    redisclosure: str = ""


REDISCLOSURE: Final = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
"""The short notice to accompany a disclosure; its words are the rule's own and are not translated (42 CFR 2.32)."""


def build_frame(
    clinic: Clinic,
    *,
    language: str,
    today: date,
    translate: Translate,
    reference: str = "",
    name: str = "",
    sent: Sent | None = None,
) -> Frame:
    """Return the frame for a summary written today in `language`; `translate` gives the fixed words in it.

    Once a response is sent, `sent` says whose it is; `reference` and `name` are for a paper without it.
    """
    locale = Locale.parse(language)
    birth = sent.patient.birth if sent else None
    return Frame(
        language=language,
        direction=locale.text_direction,
        clinic=clinic.name,
        date=format_date(today, "long", locale),
        reference=sent.reference if sent else reference,
        name=sent.patient.name if sent else name,
        is_demonstration=clinic.is_demonstration,
        contacts=tuple(view_contact(line, translate) for line in clinic.crisis.contacts),
        emergency=clinic.crisis.emergency_tel,
        words=build_words(translate),
        headings=build_headings(translate),
        marks=build_marks(translate),
        fill=lambda text: fill_placeholders(text, clinic, translate),
        format_date=lambda year, month, day: _format_parts(locale, year, month, day),
        birth=_format_parts(locale, *birth) if birth else "",
        sending=_write_sending(sent, locale, clinic, language, translate) if sent else NOT_SENT,
    )


def _write_sending(sent: Sent, locale: Locale, clinic: Clinic, language: str, translate: Translate) -> Sending:
    appointment, contact = sent.patient.appointment, sent.patient.contact if sent.has_contact else ""
    return Sending(
        appointment=_format_parts(locale, *appointment) if appointment else "",
        contacts=tuple((translate(label), typed) for label, typed in list_contacts(contact)),
        sent_at=" ".join(filter(None, (_write_sent(sent, clinic, language), sent.remark))),
        address=sent.address,
        redisclosure=sent.redisclosure,
    )


def write_moment(moment: datetime, language: str) -> str:
    r"""Return a moment as people write it, with the day, the time and the name of its zone.

    >>> from datetime import UTC
    >>> write_moment(datetime(2026, 5, 3, 16, 30, tzinfo=UTC), "en").replace("\u202f", " ")
    'Sunday, May 3, 2026, 4:30 PM UTC'
    """
    locale = Locale.parse(language)
    day = format_date(moment.date(), "full", locale)
    return f"{day}, {format_time(moment.time(), 'short', locale=locale)} {moment.tzname()}"


def _write_sent(sent: Sent, clinic: Clinic, language: str) -> str:
    moment = write_moment(sent.sent_at.astimezone(ZoneInfo(clinic.time_zone)), language)
    return f"{moment}." if sent.remark else moment


def write_day(moment: datetime, language: str) -> str:
    """Return the day of a moment as people write it.

    >>> from datetime import UTC
    >>> write_day(datetime(2026, 5, 3, 16, 30, tzinfo=UTC), "en")
    'Sunday, May 3, 2026'
    """
    return format_date(moment.date(), "full", Locale.parse(language))


def fill_placeholders(text: str, clinic: Clinic, translate: Translate) -> str:
    """Return the text with the clinic's name and contacts put in; other braces stay as they are (security.md S27).

    >>> line = CrisisLine(name="988 Lifeline", tel="988")
    >>> usa = CrisisSet(country="US", country_name="", emergency_label="", emergency_tel="911", contacts=(line,))
    >>> clinic = Clinic(name="Elm Clinic", contact="", time_zone="UTC", crisis=usa, is_demonstration=True)
    >>> fill_placeholders("{clinic}: call {emergency} or {crisis-line}. {0}", clinic, str)
    'Elm Clinic: call 911 or 988 Lifeline (call 988). {0}'
    """
    if "{" not in text:
        return text
    first = view_contact(clinic.crisis.contacts[0], translate)
    values = {
        "{clinic}": clinic.name,
        "{emergency}": clinic.crisis.emergency_tel,
        "{crisis-line}": f"{first.name} ({first.how})",
    }
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def view_contact(line: CrisisLine, translate: Translate) -> Contact:
    """Return one contact as it is printed: name, how to reach it, hours."""
    ways = []
    if line.tel and line.tel == line.sms:
        ways.append(translate("call or text %(number)s") % {"number": line.tel})
    else:
        if line.tel:
            ways.append(translate("call %(number)s") % {"number": line.tel})
        if line.sms:
            word = translate("text %(number)s") % {"number": line.sms}
            ways.append(
                translate("%(text)s, with the word %(word)s") % {"text": word, "word": line.sms_keyword}
                if line.sms_keyword
                else word
            )
    if line.url:
        ways.append(line.url.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/"))
    return Contact(name=line.name, how=", ".join(ways), hours=line.hours)


def build_headings(translate: Translate) -> dict[Word, str]:
    """Return the face sheet's fixed headings in their fixed order (design D-2, D-3)."""
    return {
        Word.YES: translate("Yes"),
        Word.NOT_SURE: translate("Not sure"),
        Word.PREFER_NOT: translate("Prefer not to say"),
        Word.NO: translate("No"),
        Word.DOES_NOT_APPLY: translate("Does not apply"),
        Word.NOT_ANSWERED: translate("Not answered"),
    }


def build_marks(translate: Translate) -> dict[str, str]:
    """Return what each mark of a source means, as the page for clinicians says it."""
    return {
        "V": translate("read at the publisher"),
        "V2": translate("read in a reprint, mirror, digest, or abstract"),
        "V2/V": translate("some of it as V2, some as V"),
        "U": translate("general knowledge, not verified"),
    }


def build_words(translate: Translate) -> SummaryWords:
    """Return the fixed words of the summary."""
    return SummaryWords(
        name_line=translate("Name"),
        birth_line=translate("Date of birth"),
        face_heading=translate("Summary for your visit"),
        visit_heading=translate("What I want to talk about and ask"),
        screening_heading=translate("Answers to the screening questions"),
        lists_heading=translate("Medicines"),
        answers_heading=translate("All answers"),
        companion_heading=translate("Why each question is asked"),
        companion_note=translate("General information, not about this patient, and not checked against these answers."),
        crisis_heading=translate("If you may be in danger now, call %(number)s."),
        continued=translate("continued on page"),
        continued_below=translate("continued below"),
        page_of=translate("Page %(page)s of %(pages)s"),
        nobody=translate("None"),
        not_answered=translate("Not answered"),
        edition_label=translate("Questionnaire edition"),
        date_label=translate("Date"),
        reference_label=translate("Reference"),
        demonstration=translate("Demonstration. Do not enter real health information."),
        made_by=translate("Made with Foreword. The answers stand as the patient gave them."),
        own_words_note=translate("“ ” marks the patient’s own words."),
        and_more=translate("and %(count)s more"),
        continued_again=translate("continued"),
        answers_follow=translate("All answers follow on pages %(first)s to %(last)s."),
        appointment_label=translate("Appointment"),
        sent_label=translate("Sent"),
        qr_text=translate("QR code: the address of the clinic’s own page about this response"),
        versions_heading=translate("What changed"),
        before_label=translate("Before"),
        after_label=translate("After"),
        not_asked=translate("Not asked"),
        notes_heading=translate("Notes by clinic staff"),
        notes_note=translate("Written by staff. Not the patient’s words."),
        on_the_whole=translate("On the whole"),
    )


def _format_parts(locale: Locale, year: int, month: int, day: int | None) -> str:
    if day is None:
        return format_date(date(year, month, 1), "LLLL y", locale)
    return format_date(date(year, month, day), "long", locale)
