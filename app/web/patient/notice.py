"""The sentences that tell a person why a page came back although nothing on it is wrong."""

from __future__ import annotations

from typing import Final

NOTICE_OVERTAKEN: Final = (
    "These answers were changed in another tab or window. Below is what you typed here. Check it and save again: "
    "it takes the place of what was saved there."
)
NOTICE_OPENED: Final = "Your form is open here again, with every page you saved. This is where you stopped."
NOTICE_OTHER_FORM: Final = (
    "Another form was begun on this device meanwhile. Below is what you typed before. Save it to put it into that form."
)
NOTICE_OLD_PAGE: Final = "This page was open for a long time. What you typed is all below. Save it again."
NOTICE_OLD_BUTTON: Final = (
    "This page was open for a long time, or your browser does not keep cookies, so nothing was done just now. Press "
    "the button again. If you read this once more, allow cookies for this website."
)
NOTICE_OLD_SENDING: Final = (
    "This page was open for a long time, so nothing was sent just now. What you typed is all below. Press the "
    "button again."
)
NOTICE_CHANGED_BEFORE_SENDING: Final = (
    "Your answers were changed after this page was opened, here or in another tab. Nothing was sent yet. Look at your "
    "answers again, then send them."
)
NOTICE_SENT_BEFORE: Final = (
    "Your answers were sent before, in another tab or with this button. What is here now is not the same. "
    "To send it too, as a newer version, send it again."
)
NOTICE_TOO_MANY_SENT: Final = (
    "Nothing was sent yet: very many forms were sent from this internet connection within an hour. Wait up to "
    "an hour, then send it again. What you typed is all below. You can print your answers meanwhile."
)
NOTICE_NOT_RECEIVED: Final = (
    "Nothing was sent now: the clinic does not take answers over the internet at the moment. What you typed is kept in "
    "your form, locked like your answers."
)
