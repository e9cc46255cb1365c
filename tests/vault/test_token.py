"""Search tokens: equal for equal things, and nothing more can be seen in them."""

from hypothesis import given
from hypothesis import strategies as st

from app.vault.token import TOKEN_LENGTH, make_token

KEYS = st.binary(min_size=32, max_size=32)
KINDS = st.sampled_from(("name", "birth", "person", "item"))
VALUES = st.text(st.characters(), max_size=40)  # with lone surrogates: a name may hold one


@given(KEYS, KINDS, KINDS, VALUES, VALUES)
def test_a_token_is_the_same_for_the_same_kind_and_value_only(
    key: bytes, kind: str, other_kind: str, value: str, other: str
) -> None:
    token = make_token(key, kind, value)
    assert (token == make_token(key, other_kind, other)) is ((kind, value) == (other_kind, other))
    assert len(token) == TOKEN_LENGTH
    assert set(token) <= set("0123456789abcdef")


@given(KEYS, KEYS, VALUES)
def test_without_the_key_a_token_cannot_be_made(key: bytes, other: bytes, value: str) -> None:
    assert (make_token(key, "name", value) == make_token(other, "name", value)) is (key == other)
