"""The audit chain's links: each covers its entry and all before it (D-10, S15)."""

from hypothesis import given
from hypothesis import strategies as st

from app.vault.chain import FIRST, chain, is_same

KEYS = st.binary(min_size=32, max_size=32)
PARTS = st.lists(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=20), max_size=4)
LINKS = st.text(alphabet="0123456789abcdef", min_size=64, max_size=64)


@given(KEYS, LINKS, PARTS, PARTS)
def test_a_link_is_the_same_for_the_same_entry_only(
    key: bytes, previous: str, parts: list[str], other: list[str]
) -> None:
    link = chain(key, previous, *parts)
    assert is_same(link, chain(key, previous, *parts))
    assert is_same(link, chain(key, previous, *other)) is (parts == other)
    assert len(link) == len(FIRST)


@given(KEYS, KEYS, LINKS, LINKS, PARTS)
def test_key_and_what_came_before_are_in_it(
    key: bytes, other_key: bytes, previous: str, other: str, parts: list[str]
) -> None:
    link = chain(key, previous, *parts)
    assert is_same(link, chain(other_key, previous, *parts)) is (key == other_key)
    assert is_same(link, chain(key, other, *parts)) is (previous == other)


@given(KEYS, st.lists(PARTS, min_size=2, max_size=6), st.data())
def test_any_change_to_an_entry_changes_every_later_link(
    key: bytes, entries: list[list[str]], data: st.DataObject
) -> None:
    def link_all(parts: list[list[str]]) -> list[str]:
        links, previous = [], FIRST
        for entry in parts:
            previous = chain(key, previous, *entry)
            links.append(previous)
        return links

    place = data.draw(st.integers(0, len(entries) - 1))
    changed = [list(entry) for entry in entries]
    changed[place] = [*changed[place], "x"]
    before, after = link_all(entries), link_all(changed)
    assert before[:place] == after[:place]
    assert not set(before[place:]) & set(after[place:])
