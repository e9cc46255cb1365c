"""Words for made-up patients: plain, in many scripts, and marked as made up wherever a name stands.

Nothing here is about anybody. Names begin with *Test*, addresses end in example.org (RFC 2606), and telephone numbers
are those that no one has (555-01xx). It must never hold a word that a real person gave.
"""

# ruff: noqa: RUF001 - letters of other alphabets look like ours and are meant

from __future__ import annotations

from typing import Final

MARK: Final = "Test"

NAMES: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (
        ("Amara", "Kwame", "Efua", "Tunde", "Zainab", "Sipho"),
        ("Osei", "Mensah", "Okafor", "Diallo", "Adeyemi", "Dube"),
    ),
    (
        ("Alex", "Sam", "Robin", "Morgan", "Anne-Marie", "Noah", "Ruth", "Owen"),
        ("Smith", "O’Neill", "Taylor", "Brown", "Jones-Clark", "Evans", "Wood", "Hall"),
    ),
    (
        ("José", "Lucía", "Andrés", "Zoë", "François", "Jürgen", "Inês"),
        ("Álvarez", "García Núñez", "Muñoz", "Lefèvre", "Müller", "Gonçalves", "Peña"),
    ),
    (("Łukasz", "Zofia", "Jiří", "Željka", "Ștefan"), ("Wójcik", "Dvořák", "Kovačić", "Popescu", "Nagy")),
    (("Thị Mai", "Minh Anh", "Văn Hùng"), ("Nguyễn", "Trần", "Lê")),
    (("Ayşe", "Emre", "İpek"), ("Yılmaz", "Demir", "Çelik")),
    (("Олена", "Тарас", "Ірина"), ("Шевченко", "Коваль", "Бондар")),
    (("Ελένη", "Νίκος"), ("Παππά", "Γεωργίου")),
    (("أمينة", "يوسف", "ليلى"), ("حسن", "خليل", "منصور")),
    (("נועה", "דוד"), ("כהן", "לוי")),
    (("अनीता", "रवि", "मीरा"), ("शर्मा", "पटेल", "नायर")),
    (("花子", "太郎", "さくら"), ("佐藤", "鈴木", "高橋")),
    (("민준", "서연"), ("김", "이")),
    (("小明", "丽华"), ("王", "陈")),
)
"""Given names and family names by way of writing; a name is one of each from one row."""

SENTENCES: Final = (
    "It comes and goes.",
    "It began a few years ago, after a hard winter.",
    "I can tell you more at the visit.",
    "My doctor knows about it.",
    "It is better than it was.",
    "I wrote down the dates at home.",
    "Sometimes at night, sometimes after work.",
    "I am not sure how to put it.",
    "Two or three times; the last time in spring.",
    "My partner could say more about this.",
    "Empezó el año pasado y va por temporadas.",
    "Das ist schon lange her.",
    "夜に眠れないことがあります。",
    "أحيانًا في المساء.",
    "Бывает по утрам.",
)

QUESTIONS: Final = (
    "How long does a visit take?",
    "Can someone come with me?",
    "What happens if I feel unwell during it?",
    "How many visits do people usually have?",
    "May I eat before it?",
    "Who do I call afterwards if I have a question?",
    "Is there another way to do this?",
    "¿Puede venir mi hermana conmigo?",
)

OWN_WORDS: Final = ("Something I would like to tell in person", "Trouble sleeping", "Hard to say", "Migraine", "Stress")

CELLS: Final[dict[str, tuple[str, ...]]] = {
    "name": (
        "sertraline",
        "lisinopril",
        "vitamin D",
        "ibuprofen",
        "levothyroxine",
        "metformin",
        "mirtazapine",
        "omeprazole",
        "a white tablet",
    ),
    "dose": ("10 mg", "20 mg", "50 mg", "100 mg", "one tablet", "I do not know", ""),
    "often": ("once a day", "twice a day", "at night", "when I need it", ""),
    "reason": ("mood", "blood pressure", "pain", "sleep", "thyroid", ""),
    "allergy-to": ("penicillin", "peanuts", "latex", "a contrast dye", "bee stings"),
    "allergy-what-happened": ("a rash", "my face swelled up", "I was sick", "I do not remember", ""),
}
"""Cells of rows by the field's linkId; a field of another name takes one of the own words."""
