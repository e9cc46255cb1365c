"""The sentences about signing in that more than one page says."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from app.web.i18n import say_count, translate

WRONG_SIGN_IN: Final = "Check your sign-in name and your password. Together they open nothing"
WRONG_PASSWORD: Final = "Enter the password you sign in with now"  # noqa: S105  a sentence
WRONG_CODE: Final = "Enter the six digits that your authenticator app shows now. Each works once"
WRONG_RECOVERY_CODE: Final = "Check the recovery code. Each one works once, and new ones replace all older ones"
RECOVERY_CODE_HERE: Final = "Enter a recovery code in its own box, and in the box above only the six digits of your app"
WRONG_PASSKEY: Final = "The passkey was not accepted. Try again, or use another way"
BUSY: Final = "Many people are signing in at this moment. Try again in a few seconds"
CLOSED: Final = "Passwords and codes cannot be checked at this moment. Try again in a minute"
NAME_MISSING: Final = "Enter a name of at most 100 characters"
LOGIN_MISSING: Final = "Enter a sign-in name that looks like an e-mail address, such as ann@clinic.example"
LOGIN_TAKEN: Final = "Choose another sign-in name. Somebody else has this one"
ROLE_MISSING: Final = "Choose at least one role"
NOT_THE_SAME: Final = "Enter the same password twice"
CLOSED_MEANWHILE: Final = "Open the account first. It is closed"
LAST_ADMINISTRATOR: Final = "Make somebody else an administrator first. A clinic needs one"


def say_wait(wait: timedelta) -> str:
    """Return how long to wait, in whole minutes: the same sentence for everybody who must wait about as long (S11)."""
    return say_count(
        "There were too many tries. Wait a minute, then try again",
        "There were too many tries. Wait %(num)s minutes, then try again",
        count_minutes(wait),
    )


def count_minutes(wait: timedelta) -> int:
    """Return a wait in whole minutes, one at least."""
    return max(-(-int(wait.total_seconds()) // 60), 1)


def say_problem(text: str) -> str:
    """Return a sentence in the page's language."""
    return translate(text)
