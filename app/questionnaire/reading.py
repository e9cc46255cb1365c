"""How hard an English text is to read, as a school grade, and which of its words weigh most.

The grade is Flesch and Kincaid's: 0.39 × words per sentence + 11.8 × syllables per word − 15.59. Source: Kincaid,
Fishburne, Rogers and Chissom, Derivation of New Readability Formulas for Navy Enlisted Personnel, Research Branch
Report 8-75, Naval Technical Training Command, 1975. It counts and knows no meaning: people must read the text too.
"""

from __future__ import annotations

import re
from typing import Final

_SENTENCE_END: Final = re.compile(r"[.!?]+(?=[\s\"”’)]|$)")
_WORD: Final = re.compile(r"[a-z]+(?:['’][a-z]+)*|[0-9]+", re.IGNORECASE)
_VOWELS: Final = re.compile(r"[aeiouy]+")
_HARD_WORD: Final = 3  # syllables

# Where letters mislead: vowels that are not heard, a consonant that is heard as one, vowels that are heard apart.
_SILENT: Final = re.compile(
    r"(?<=[^aeiouy])e$|(?<=[^r][gq])ue$|(?<=[^aeiouydt])ed$"
    r"|(?<=[^aeiouy])(?<![sxzcg])(?<![cs]h)es$|(?<=[^aeo]ach)es$|(?<=\bach)es$"
    r"|(?<=[a-z][^aeiouy])e"
    r"(?=(?:ful|giver|hold|less|line|ly|maker|ment|ness|style|teen|thing|times?|ty|where|work)s?(?:ly)?$)"
)
_HEARD: Final = re.compile(r"(?<=[^aeiouylrw])le[ds]?$|(?<=[ds])nt$|(?<=s)ms?$|(?<=th)ms?$")
_APART: Final = re.compile(
    r"(?<![ctsgx])i(?:a(?!g(?:es?)?$|rs?$)|u)|(?<=[cst])ia(?=t)|(?<![ctsgxln])io(?!us$|rs?$)|(?<![ctsgx])ious"
    r"|iet|(?<![ct])ien(?=[ct])"
    r"|(?<!con)scien|iest|ier|(?<![gqj])ua|(?<![gq])ue(?=l$|n)|[aeouy]ing"
    r"|suici|fluid|ruin|creat|react|reality|idea|[pr]nea|usea|pancrea|deo$|theater|poe[mt]|coop|coord|contrain|zoa|yon|cium"
)
_KNOWN: Final = {
    "area": 3,
    "areas": 3,
    "aren't": 1,
    "diabetes": 4,
    "every": 2,
    "everybody": 4,
    "everyone": 3,
    "everything": 3,
    "heroin": 3,
    "maybe": 2,
    "people": 2,
    "rely": 2,
    "someone": 2,
    "something": 2,
    "weren't": 1,
}


def count_syllables(word: str) -> int:
    """Return how many syllables an English word has, by its letters.

    >>> [count_syllables(word) for word in ("pee", "doctor", "ketamine", "psychiatric", "breathed", "people")]
    [1, 2, 3, 4, 1, 2]
    """
    lower = word.lower().replace("’", "'").removesuffix("'s")
    if lower in _KNOWN:
        return _KNOWN[lower]
    heard = _SILENT.sub("", _HEARD.sub("al", lower.replace("'", "")))
    return max(1, len(_VOWELS.findall(heard)) + len(_APART.findall(heard)))


def grade_text(text: str) -> float:
    """Return the school grade in which an English text can be read; 0 for a text without words. Source: see above.

    >>> round(grade_text("How old are you?"), 1), round(grade_text("Do you have a lung or breathing problem?"), 1)
    (-2.2, 2.3)
    """
    words = _WORD.findall(text)
    if not words:
        return 0.0
    sentences = sum(bool(_WORD.search(sentence)) for sentence in _SENTENCE_END.split(text))
    syllables = sum(count_syllables(word) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def list_hard_words(text: str, most: int = 3) -> tuple[str, ...]:
    """Return the longest words of at least three syllables, in the order they stand.

    >>> list_hard_words("A psychiatric medication")
    ('psychiatric', 'medication')
    """
    words = list(dict.fromkeys(word for word in _WORD.findall(text) if count_syllables(word) >= _HARD_WORD))
    longest = sorted(words, key=count_syllables, reverse=True)[:most]
    return tuple(word for word in words if word in longest)
