"""The sentences that tell a person why a page came back although nothing on it is wrong."""

from __future__ import annotations

from typing import Final

NOTICE_OVERTAKEN: Final = (
    "These answers were changed in another tab or window. Below is what you typed here. Check it and save again: "
    "it takes the place of what was saved there."
)
NOTICE_OTHER_FORM: Final = (
    "Another form was begun on this device meanwhile. Below is what you typed before. Save it to put it into that form."
)
NOTICE_OLD_PAGE: Final = "This page was open for a long time. What you typed is all below. Save it again."
