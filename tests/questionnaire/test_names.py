"""Names are found however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.names import list_name_keys


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Test Amara Osei", "TEST  amara\tosei"),
        ("Zoë O’Brien", "zoe o'brien"),
        ("Zoë O’Brien", "Zoe OBrien"),
        ("Anne-Marie Łoś", "anne marie los"),
        ("Strauß", "STRAUSS"),
        ("İpek I\u015f\u0131k", "ipek isik"),
        ("Müller", "Mu\u0308ller"),
        ("Θεοδώρα", "ΘΕΟΔΩΡΑ"),
        ("Семён", "семен"),
        ("שָׂרָה", "שרה"),
        ("مُحَمَّد", "محمد"),
        ("أحمد", "احمد"),
        ("金\u3000民秀", "金 民秀"),
        ("Nguyễn", "nguyen"),
        ("김민수", "김민수"),
        ("Osei, Amara", "osei amara"),
        ("Amara\u200bOsei", "AmaraOsei"),
    ],
)
def test_two_ways_to_write_a_name_find_each_other(stored: str, typed: str) -> None:
    assert list_name_keys(stored) == list_name_keys(typed)


@pytest.mark.parametrize(("one", "other"), [("がく", "かく"), ("कि", "का"), ("Ana", "Anna"), ("佐藤", "左藤")])
def test_two_names_stay_two(one: str, other: str) -> None:
    assert not set(list_name_keys(one)) & set(list_name_keys(other))


@given(st.text())
def test_keys_are_found_by_themselves(name: str) -> None:
    keys = list_name_keys(name)
    assert len(set(keys)) == len(keys)
    for key in keys:
        assert list_name_keys(key)[0] == key
