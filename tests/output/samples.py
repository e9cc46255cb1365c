"""Summaries as people leave them: short, typical, all No, extreme, many scripts. Made by hand; no real person."""

from __future__ import annotations

from dataclasses import replace

from app.questionnaire.face import COMPRESSIONS, shorten_face
from app.questionnaire.model import Word
from app.questionnaire.summary_model import (
    AnswerView,
    CompanionEntry,
    Contact,
    FaceEntry,
    FaceFact,
    FaceGroup,
    FaceSheet,
    Line,
    Row,
    Section,
    SourceView,
    Summary,
    SummaryWords,
    Table,
)

WORDS = SummaryWords(
    name_line="Name",
    birth_line="Date of birth",
    face_heading="Summary for your visit",
    visit_heading="What I want to talk about and ask",
    screening_heading="Answers to the screening questions",
    lists_heading="Medicines",
    answers_heading="All answers",
    companion_heading="Why each question is asked",
    companion_note="General information, not about this patient, and not checked against these answers.",
    crisis_heading="If you may be in danger now, call %(number)s.",
    continued="continued on page",
    continued_below="continued below",
    page_of="Page %(page)s of %(pages)s",
    nobody="None",
    not_answered="Not answered",
    edition_label="Questionnaire edition",
    date_label="Date",
    reference_label="Reference",
    demonstration="Demonstration. Do not enter real health information.",
    made_by="Made with Foreword. The answers stand as the patient gave them.",
    own_words_note="“ ” marks the patient’s own words.",
    continued_again="continued",
    answers_follow="All answers follow on pages %(first)s to %(last)s.",
)
HEADINGS = {
    Word.YES: "Yes",
    Word.NOT_SURE: "Not sure",
    Word.PREFER_NOT: "Prefer not to say",
    Word.NO: "No",
    Word.DOES_NOT_APPLY: "Does not apply",
    Word.NOT_ANSWERED: "Not answered",
}
# linkId, label, question, section
SCREENING = (
    ("heart-disease", "Heart problem", "Has a doctor or nurse ever told you that you have a heart problem?", "Heart"),
    (
        "stroke",
        "Stroke or bleeding in the brain",
        "Have you ever had a stroke, a mini-stroke, or bleeding in the brain?",
        "Heart",
    ),
    (
        "aneurysm",
        "Aneurysm or AVM",
        "Has a doctor ever told you that you have a bulge or a tangle in a blood vessel (aneurysm, AVM)?",
        "Heart",
    ),
    (
        "high-blood-pressure",
        "High blood pressure",
        "Has a doctor or nurse ever told you that you have high blood pressure?",
        "Heart",
    ),
    ("bp-known", "Last blood pressure", "Do you know your last blood pressure numbers?", "Heart"),
    ("liver", "Liver problem", "Have you ever been told that you have a liver problem?", "Body"),
    (
        "brain-pressure",
        "Head injury, growth, or pressure in the head",
        "Have you ever had a serious head injury, a growth in the brain, or high pressure inside the head?",
        "Body",
    ),
    ("seizures", "Seizure", "Have you ever had a seizure (a fit)?", "Body"),
    (
        "eye-pressure",
        "Glaucoma or eye pressure",
        "Have you ever been told that you have glaucoma or high pressure in the eye?",
        "Body",
    ),
    ("thyroid", "Overactive thyroid", "Have you ever been told that your thyroid is overactive?", "Body"),
    ("breathing", "Lung or breathing problem", "Do you have a lung or breathing problem?", "Body"),
    ("sleep-apnea", "Sleep apnea", "Have you been told that your breathing stops and starts while you sleep?", "Body"),
    (
        "bladder",
        "Bladder symptoms, last 3 months",
        "In the last 3 months, have you had pain when you pee, blood in your pee, or a need to pee much more often?",
        "Body",
    ),
    ("memory", "Change in memory or thinking", "In the last 6 months, has your memory or thinking changed?", "Body"),
    (
        "psychosis",
        "Psychosis or schizophrenia",
        "Has a health worker ever told you that you had psychosis or schizophrenia?",
        "Mind",
    ),
    (
        "unusual",
        "Heard or saw things others did not",
        "Have you ever heard or seen things that other people there did not?",
        "Mind",
    ),
    (
        "bipolar",
        "Bipolar disorder or mania",
        "Has a health worker ever told you that you have bipolar disorder or mania?",
        "Mind",
    ),
    (
        "high-energy",
        "Days of very high energy, little sleep",
        "Have you ever had several days when you felt very high or sped up and needed little sleep?",
        "Mind",
    ),
    (
        "mh-change",
        "Urgent care or big change, last 3 months",
        "In the last 3 months, have you had urgent care for your mental health, or a big change in how you feel?",
        "Mind",
    ),
    (
        "family-psychosis",
        "Psychosis or bipolar in close family",
        "Has someone in your close family had psychosis or bipolar disorder?",
        "Mind",
    ),
    (
        "dissociation",
        "Feeling cut off from body or surroundings",
        "Do you ever feel cut off from your body or from what is around you?",
        "Mind",
    ),
    (
        "suicidal-thoughts",
        "Thoughts of ending my life, last month",
        "In the last month, have you had thoughts of ending your life?",
        "Mind",
    ),
    ("past-attempt", "Ever tried to end my life", "Have you ever tried to end your life?", "Mind"),
    ("alcohol", "Alcohol", "How often do you have a drink with alcohol in it?", "Alcohol and drugs"),
    (
        "substance-now",
        "Cannabis or other drug, last 12 months",
        "In the last 12 months, have you used cannabis or any other drug?",
        "Alcohol and drugs",
    ),
    (
        "used-differently",
        "Medicine taken differently than prescribed",
        "In the last 12 months, have you taken a medicine in a way that was not prescribed for you?",
        "Alcohol and drugs",
    ),
    (
        "substance-past",
        "Problems with alcohol or drugs, ever",
        "Has there ever been a time when alcohol or drugs caused you problems or worry?",
        "Alcohol and drugs",
    ),
    (
        "ketamine",
        "Ketamine or esketamine before",
        "Have you ever had ketamine or esketamine before, for any reason?",
        "Alcohol and drugs",
    ),
    (
        "dependence",
        "Worry about relying on a medicine",
        "Do you have any worries about coming to rely on a medicine or a drug?",
        "Alcohol and drugs",
    ),
    ("pregnancy", "Pregnancy", "Are you pregnant, or is there a chance that you are?", "Pregnancy"),
    (
        "breastfeeding",
        "Breastfeeding",
        "Are you breastfeeding, chestfeeding, or giving a baby milk you have pumped?",
        "Pregnancy",
    ),
    ("trying", "Hoping to get pregnant", "Do you hope to get pregnant in the next 12 months?", "Pregnancy"),
    ("medicine-types", "Kinds of medicine", "Do you take any of these kinds of medicine?", "Medicines"),
    (
        "allergies",
        "Allergy or bad reaction",
        "Have you ever had an allergy or a bad reaction to a medicine, a food, or something else?",
        "Medicines",
    ),
    (
        "anesthesia",
        "Problem with an anesthetic",
        "Have you ever had a problem with medicine that puts you to sleep or numbs you for surgery?",
        "Medicines",
    ),
    (
        "nausea",
        "Often sick after medicines, travel, or surgery",
        "Do you often feel sick or throw up after medicines, travel, or surgery?",
        "Medicines",
    ),
    (
        "ride-home",
        "Adult who can take me home",
        "If you had a treatment visit one day, could an adult take you home?",
        "Medicines",
    ),
)
FOLLOW_UPS = {
    "heart-disease": (
        ("heart-kind", "What kind?", "Heart attack, Heart failure, Stent or bypass surgery"),
        (
            "heart-last",
            "When was your last heart attack, heart surgery, or hospital stay for your heart?",
            "In the last 6 weeks",
        ),
        ("heart-care", "Do you see a heart doctor or take heart medicine?", "Yes"),
        ("heart-activity", "Can you walk up one flight of stairs without stopping?", "No"),
    ),
    "high-blood-pressure": (
        ("bp-treatment", "Do you take medicine for it?", "Yes"),
        ("bp-goal", "As far as you know, is it at the level your doctor wants?", "No"),
    ),
    "bp-known": (
        ("bp-systolic", "Top number", "182 mmHg"),
        ("bp-diastolic", "Bottom number", "104 mmHg"),
        ("bp-date", "When was it taken?", "21 November 2026"),
        ("bp-where", "Where was it taken?", "At home"),
    ),
}
FACTS = {
    "heart-disease": (
        "heart attack, heart failure, stent or bypass surgery",
        "last event in the last 6 weeks",
        "heart doctor or medicine: yes",
        "one flight of stairs: no",
    ),
    "high-blood-pressure": ("takes medicine: yes", "at the level the doctor wants: no"),
    "bp-known": ("182 over 104 mmHg", "21 November 2026", "at home"),
    "medicine-types": ("Blood pressure or heart medicine, Blood thinner",),
    "alcohol": ("Never",),
}
CONTACTS = (
    Contact(name="988 Suicide & Crisis Lifeline", how="call or text 988, 988lifeline.org", hours="24 hours, every day"),
    Contact(name="Crisis Text Line", how="text 741741, with the word HOME", hours="24 hours, every day"),
)
MEDICINES = (
    ("bisoprolol", "5 mg", "once a day", "heart"),
    ("ramipril", "10 mg", "once a day", "blood pressure"),
    ("aspirin", "81 mg", "once a day", "heart"),
)
HOSTILE = (
    "<script>alert(1)</script> =HYPERLINK(1) {{7*7}} \u202eevil\u202c ok "
    '#read("/etc/passwd") #panic() $x$ <label> @ref *bold* _it_ \\u{41} `raw` // /* )>>/JS(x)'
)
MEDICINE_COLUMNS = ("Name", "Dose", "How often", "What it is for")


def own(text: str) -> tuple[Line, ...]:
    """Return what a patient typed, as the lines of an answer."""
    return (Line(text, is_own_words=True),)


def make_summary(
    answers: dict[str, Word],
    *,
    question: str = "How long would a visit take?",
    other: str = "",
    reason: str = "Pain that has lasted a long time",
    medicines: tuple[tuple[str, ...], ...] = (),
    facts: dict[str, tuple[str, ...]] | None = None,
    **changes: object,
) -> Summary:
    """Return a summary in which every screening item has a word (No where none is given)."""
    facts = FACTS if facts is None else facts
    words = {link_id: answers.get(link_id, Word.NO) for link_id, *_ in SCREENING}
    whole = FaceSheet(
        visit=_build_visit(reason, question, other),
        lists=_build_lists(medicines),
        groups=tuple(
            FaceGroup(word=word, heading=heading, entries=_build_entries(words, word, facts))
            for word, heading in HEADINGS.items()
        ),
    )
    faces = (whole, *(shorten_face(whole, compression) for compression in COMPRESSIONS))
    summary = Summary(
        language="en",
        direction="ltr",
        title="Before your ketamine visit",
        clinic="Elm Street Clinic (demonstration)",
        edition="3f9a1c07",
        date="November 23, 2026",
        reference="",
        name="",
        is_demonstration=True,
        faces=faces,
        sections=_build_sections(words, reason, question, other, medicines),
        companion=(),
        contacts=CONTACTS,
        emergency="911",
        disclaimer="This form records your answers. It cannot tell you if ketamine is right for you. "
        "A doctor can talk with you about that.",
        words=WORDS,
    )
    return replace(summary, **changes)  # type: ignore[arg-type] # the names are the fields' own


def _build_visit(reason: str, question: str, other: str) -> tuple[FaceEntry, ...]:
    return (
        FaceEntry(link_id="reason", label="To talk about", facts=(FaceFact(lines=(Line(reason),)),)),
        FaceEntry(
            link_id="tried",
            label="Tried so far",
            facts=(FaceFact(lines=(Line("Medicine for pain, A procedure for pain"),)),),
        ),
        FaceEntry(
            link_id="questions",
            label="To ask the doctor",
            facts=(FaceFact(lines=own(question) if question else (Line("Not answered"),)),),
        ),
        FaceEntry(
            link_id="other",
            label="Other health conditions",
            facts=(FaceFact(lines=own(other) if other else (Line("Not answered"),)),),
        ),
    )


def _build_lists(medicines: tuple[tuple[str, ...], ...]) -> tuple[FaceEntry, ...]:
    facts = tuple(FaceFact(lines=own(", ".join(cell for cell in row if cell))) for row in medicines)
    return (
        FaceEntry(
            link_id="medicines",
            label="Medicines, vitamins, and herbal products",
            facts=facts or (FaceFact(lines=(Line("None"),)),),
        ),
    )


def _build_entries(words: dict[str, Word], word: Word, facts: dict[str, tuple[str, ...]]) -> tuple[FaceEntry, ...]:
    return tuple(
        FaceEntry(
            link_id=link_id,
            label=label,
            facts=tuple(FaceFact(lines=(Line(fact),)) for fact in facts.get(link_id, ()))
            if word is Word.YES or link_id == "alcohol"
            else (),
        )
        for link_id, label, _, _ in SCREENING
        if words[link_id] is word
    )


def _row(link_id: str, question: str, answer: AnswerView) -> Row:
    return Row(link_id=link_id, page="page", question=question, label=question, answer=answer)


def _said(text: str) -> AnswerView:
    return AnswerView(lines=(Line(text),), is_answered=True)


def _build_sections(
    words: dict[str, Word], reason: str, question: str, other: str, medicines: tuple[tuple[str, ...], ...]
) -> tuple[Section, ...]:
    first = (
        _row("age", "How old are you?", _said("62")),
        _row("reason", "What would you like to talk about with the doctor?", _said(reason)),
        _row("tried", "What have you tried for this so far?", _said("Medicine for pain, A procedure for pain")),
        _row("route", "Are there ways of having ketamine that you want to ask about?", _said("No preference")),
    )
    sections = [Section(link_id="visit", number=1, title="Your visit", rows=first)]
    for name in dict.fromkeys(section for *_, section in SCREENING):
        rows = []
        for link_id, _, text, section in SCREENING:
            if section == name:
                rows.append(_row(link_id, text, AnswerView(lines=(Line(HEADINGS[words[link_id]]),))))
                if words[link_id] is Word.YES:
                    rows += [_row(child, asked, _said(said)) for child, asked, said in FOLLOW_UPS.get(link_id, ())]
        if name == "Medicines":
            listed = AnswerView(table=Table(MEDICINE_COLUMNS, medicines), is_answered=True)
            asked = "What medicines, vitamins, and herbal products do you take?"
            rows.insert(0, _row("medicines", asked, listed if medicines else _said("None")))
        sections.append(Section(link_id=name.lower(), number=len(sections) + 1, title=name, rows=tuple(rows)))
    unanswered = AnswerView(lines=(Line("Not answered"),), word=Word.NOT_ANSWERED)
    last = (
        _row(
            "other",
            "Is there any other health condition you want the doctor to know about?",
            AnswerView(lines=own(other)) if other else unanswered,
        ),
        _row(
            "questions",
            "What would you like to ask the doctor?",
            AnswerView(lines=own(question)) if question else unanswered,
        ),
    )
    return (*sections, Section(link_id="last", number=len(sections) + 1, title="Anything else", rows=last))


def make_all_no() -> Summary:
    """Return the summary of a person who answered No to everything and wrote nothing."""
    none = dict.fromkeys(("pregnancy", "breastfeeding", "trying"), Word.DOES_NOT_APPLY)
    return make_summary(none, question="", reason="Depression that has not got better with treatment")


def make_typical() -> Summary:
    """Return a summary like that of a patient with a heart problem, high blood pressure and three medicines."""
    yes = ("heart-disease", "high-blood-pressure", "bp-known", "medicine-types", "memory", "sleep-apnea")
    answers = dict.fromkeys(yes, Word.YES)
    answers |= dict.fromkeys(("pregnancy", "breastfeeding", "trying"), Word.DOES_NOT_APPLY)
    answers |= {
        "ride-home": Word.NOT_SURE,
        "liver": Word.NOT_SURE,
        "family-psychosis": Word.PREFER_NOT,
        "seizures": Word.NOT_ANSWERED,
        "eye-pressure": Word.NOT_ANSWERED,
    }
    return make_summary(
        answers,
        question="How long would a visit take, and can my daughter wait?\nWill it change how my heart pills work?",
        other="My left knee was replaced in 2019. It still hurts when it rains.",
        medicines=MEDICINES,
    )


def make_extreme() -> Summary:
    """Return a summary with everything at its limit: all Yes, 5,000 characters, 40 medicines of 200 each."""
    long = "It began a long time ago and nobody could say why. "
    text = (long * 100)[:5000]
    cell = ("Hydrochlorothiazide-and-something-else " * 10)[:200]
    rows = tuple((f"{number}. {cell}"[:200], cell, cell, cell) for number in range(1, 41))
    facts = {link_id: (f"{label} — {long}".strip(), long * 3, long) for link_id, label, *_ in SCREENING}
    return make_summary(
        dict.fromkeys((link_id for link_id, *_ in SCREENING), Word.YES),
        question=text,
        other="W" * 300 + " " + text[:4699],
        reason=", ".join([long.strip()] * 5),
        medicines=rows,
        facts=facts,
        name="A name of some length " * 9,
        reference="K7QM-4TXA",
    )


def make_many_scripts() -> Summary:
    """Return a summary in many scripts and directions, with what a hostile hand might type."""
    other = (
        "体の調子が悪いです。夜に眠れません。薬を飲むと吐き気がします。\n"
        "أشعر بألم في الصدر منذ 3 أسابيع (خفيف). هل هذا طبيعي؟\n"
        "Болит голова, особенно по утрам; таблетки не помогают.\n"
        "मुझे रात को नींद नहीं आती है और सिर में दर्द रहता है।\n"
        "יש לי כאב גב כבר 5 שנים. 통증이 심합니다. Đau lưng từ năm 2015.\n"
        "\n"
        "Smile 🙂 sad 😢 pill 💊 heart ❤️ hand 👍🏽 family 👨‍👩‍👧 amulet 🧿 egg 🪺 flag 🇺🇸\n"
        f"{HOSTILE}\n" + "W" * 300
    )
    return make_summary(
        {"thyroid": Word.YES, "breathing": Word.YES, "memory": Word.NOT_SURE, "allergies": Word.YES},
        question="هل يمكنني قيادة السيارة بعد العلاج؟ (I want to drive home.)",
        other=other,
        medicines=(
            ("قرص أبيض", "5 mg", "مرتين", "ألم"),
            ("薬", "100 mg", "一日一回", "高血圧"),
            ("वरापामिल", "", "", ""),
        ),
        name="テスト患者L / مريض تجريبي ل / Тестовый пациент Л / परीक्षण रोगी",
        reference="K7QM-4TXA",
        facts={"thyroid": ("treated: no", "last test: never"), "allergies": ("كيتامين: طفح جلدي",)},
    )


def make_clinic_copy() -> Summary:
    """Return the typical summary as the clinic prints it: name, reference and companion."""
    entries = tuple(
        CompanionEntry(
            link_id=link_id,
            section=section,
            question=question,
            label=label,
            rationale="Several labels and one consensus statement name this. Blood pressure rises for about two hours.",
            sources=(
                SourceView(
                    key="ESK-EU1",
                    title="Spravato SmPC (EMA, rev. 2025)",
                    mark="V",
                    url="https://www.rxreasoner.com/monographs/spravato/precautions",
                ),
            ),
            provenance=("Severe heart or liver disease is named in the article.",),
            review="",
        )
        for link_id, label, question, section in SCREENING
    )
    return replace(make_typical(), companion=entries, name="Test Patient B", reference="K7QM-4TXA")
