"""How many syllables a word has, and the grade that follows: counted by hand here, by letters there."""

import pytest

from app.questionnaire.reading import count_syllables, grade_text, list_hard_words

BY_HAND = {
    1: "a age aches aren't blood breathe brought cause changed chest dose drives eye eyes fit heart help I'd key known "
    "league loved mask months nerve once pee pulse raised sleep through throw times tongue used walked weeks while",
    2: "able about anger asthma bladder bleeding careful children chronic clinic conscience couldn't didn't diet "
    "disease dizzy drinking feeling fluid handle headaches likely liver maybe medic movement muscle needles needed "
    "ninety nurses patient people pressure quiet rarely rhythm safety science seizure sometimes someone something "
    "table trial trouble unique vessel voices wasn't whether",
    3: "alcohol allergies another area bipolar carefully carrying condition depression diagnosed dizziness "
    "energy everyone glaucoma hospital idea infusion injury ketamine mania medicine memory methadone nausea "
    "opioid oxygen period pregnancy previous psychosis radio reaction relying serious suicide "
    "unable uneasy violent vitamins withdrawal worrying yesterday",
    4: "ability activity amphetamine anesthetic anxiety diabetes emergency esketamine experience hepatitis "
    "medication overactive psychiatric psychiatry suicidal situation temperature usually",
    5: "antidepressant biological communication dissociation hallucinations individual methamphetamine recreational "
    "schizophrenia university",
}
COUNTED = [(word, count) for count, words in BY_HAND.items() for word in words.split()]


@pytest.mark.parametrize(("word", "count"), COUNTED)
def test_syllables_are_counted_as_by_hand(word: str, count: int) -> None:
    assert count_syllables(word) == count


def test_case_and_apostrophes_change_nothing() -> None:
    assert count_syllables("DOCTOR’S") == count_syllables("doctor's") == count_syllables("doctor") == 2


def test_every_word_has_a_syllable() -> None:
    assert count_syllables("mm") == count_syllables("e") == count_syllables("7") == 1


def test_the_grade_is_the_formula_of_kincaid_and_others() -> None:
    # 9 words, 2 sentences, 12 syllables.
    text = "You can leave it blank. That is always fine."
    assert grade_text(text) == pytest.approx(0.39 * 9 / 2 + 11.8 * 10 / 9 - 15.59)


def test_more_syllables_and_longer_sentences_read_harder() -> None:
    plain, hard = "Do you feel sick?", "Do you experience considerable nausea?"
    assert grade_text(plain) < grade_text(hard)
    assert grade_text("We ask. You say.") < grade_text("We ask and you say.")


def test_a_point_inside_a_number_ends_no_sentence() -> None:
    assert grade_text("It was 1.5 or so") == grade_text("It was 1 5 or so")


def test_a_text_without_words_has_grade_zero() -> None:
    assert grade_text("…") == grade_text("") == 0.0


def test_the_longest_words_are_named_in_their_order() -> None:
    text = "A psychiatric or cardiovascular medication, and some medicine for the psychiatric team"
    assert list_hard_words(text, most=2) == ("psychiatric", "cardiovascular")
