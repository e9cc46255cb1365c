"""What people try first when they guess a password: words from published lists of stolen ones, and rows of keys."""

from __future__ import annotations

from typing import Final

_WORDS: Final = """
password passwort passw0rd passwords passphrase welcome welcome1 letmein login signin admin administrator root user
guest changeme change default secret master test testing temp temporary access enter open please hello iloveyou love
lovely monkey dragon sunshine princess football baseball basketball soccer hockey superman batman shadow michael
jennifer jordan ashley daniel andrew joshua jessica charlie thomas robert matthew nicole hannah amanda maggie buster
tigger ginger pepper summer winter spring autumn monday friday january february march april june july august september
october november december flower freedom whatever trustno1 computer internet google facebook windows microsoft samsung
apple iphone pokemon starwars qazwsx zaqwsx qwerty azerty asdf zxcv zxcvbnm abc abcd abcdef one two three four five
six seven eight nine ten doctor nurse hospital health medical medicine patient patients clinic clinical practice
surgery therapy therapist reviewer auditor staff office reception questionnaire foreword ketamine infusion spravato
correcthorsebatterystaple correct horse battery staple is my the and you me this that it a i very long good strong
safe secure security
"""

COMMON: Final = frozenset(_WORDS.split())
"""Words; a password that is nothing but these, in any number, is refused."""

_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1234567890123456789012345678901234567890",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
RUNS: Final = frozenset({*_ROWS, *(row[::-1] for row in _ROWS)})
"""Rows of keys and letters, forwards and backwards."""
