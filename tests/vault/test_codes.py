"""The patient's secret as people write it down, and as the database knows it."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vault import (
    SECRET_LENGTH,
    ResumeCodeError,
    encode_secret,
    format_resume_code,
    hash_secret,
    make_secret,
    parse_resume_code,
)

SECRETS = st.binary(min_size=SECRET_LENGTH, max_size=SECRET_LENGTH)
LOOK_ALIKES = {"0": "0Oo", "1": "1IiLl", "V": "VvUu"}
GAPS = ["", " ", "-", " - ", "\u00a0", "\u2013", "\u2011", "\n"]


@given(SECRETS)
def test_a_code_reads_back_as_its_secret(secret: bytes) -> None:
    assert parse_resume_code(format_resume_code(secret)) == secret
    assert parse_resume_code(encode_secret(secret)) == secret


@given(SECRETS, st.randoms(use_true_random=False))
def test_a_code_survives_case_spaces_hyphens_and_look_alikes(secret: bytes, chance: random.Random) -> None:
    symbols = [chance.choice(LOOK_ALIKES.get(symbol, symbol + symbol.lower())) for symbol in encode_secret(secret)]
    typed = "".join(chance.choice(GAPS) + symbol for symbol in symbols) + chance.choice(GAPS)
    assert parse_resume_code(typed) == secret


@given(SECRETS)
def test_a_code_is_six_groups_of_four_without_look_alikes(secret: bytes) -> None:
    code = format_resume_code(secret)
    assert [len(group) for group in code.split("-")] == [4] * 6
    assert not set(code) & set("ILOU")
    assert code.replace("-", "") == encode_secret(secret)


@given(st.text(max_size=23) | st.text(alphabet="!$%&/?\u00e9\U0001f600", min_size=24))
def test_any_other_text_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ResumeCodeError) as caught:
        parse_resume_code(text)
    assert str(caught.value) == "a resume code is 24 letters and digits"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000-0000-0000-0000-0000-000",
        "0000-0000-0000-0000-0000-00000",
        "0000-0000-0000-0000-0000-000!",
        "0000-0000-0000-0000-0000-000=",
        "0000-0000-0000-0000-0000-000\u0131",  # a dotless i, which str.upper() would make an I
        "0000-0000-0000-0000-0000-000\u0661",  # an Arabic one
        "0000-0000-0000-0000-0000-000\ud800",
        "0" * 1_000_000,
    ],
)
def test_a_text_of_another_length_or_alphabet_is_refused(text: str) -> None:
    with pytest.raises(ResumeCodeError):
        parse_resume_code(text)


def test_two_thousand_codes_have_no_repeat_and_every_symbol_alike_often() -> None:
    codes = [encode_secret(make_secret()) for _ in range(2000)]
    counts = Counter("".join(codes))
    expected = 2000 * 24 / 32
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert len(set(codes)) == 2000
    assert len(counts) == 32
    assert chi_square < 112  # 31 degrees of freedom: chance goes beyond once in 10**11 runs


def test_the_randomness_of_a_secret_can_be_given() -> None:
    assert make_secret(lambda size: b"\x07" * size) == b"\x07" * 15


@pytest.mark.parametrize("use", [encode_secret, format_resume_code, hash_secret])
def test_a_secret_of_another_length_is_refused(use: object) -> None:
    assert callable(use)
    for length in (0, 14, 16):
        with pytest.raises(ValueError, match="a secret has 15 bytes"):
            use(bytes(length))


@given(SECRETS, SECRETS)
def test_only_the_same_secret_has_the_same_hash(one: bytes, other: bytes) -> None:
    assert (hash_secret(one) == hash_secret(other)) == (one == other)
    assert len(hash_secret(one)) == 64
