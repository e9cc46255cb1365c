"""What staff read when something went wrong: what to do next, and never a word of what was sent.

Made once, like those of patients' pages, so that nothing that is broken can keep one from being shown.
"""

from __future__ import annotations

from typing import Final

from flask import Flask

from app.web.problems import Problem, name_place
from app.web.shell import get_shell

FAULTS: Final = {
    400: Problem(
        "This page could not be read",
        ("Nothing was changed. Open the page anew from the head of any staff page, and do it again there.",),
    ),
    403: Problem("This came from another website", ("Nothing was changed. Open the staff pages and do it there.",)),
    404: Problem("There is no page here", ("Check the address, or go to the first staff page.",)),
    405: Problem("This address cannot be used that way", ("Go to the first staff page and go on from there.",)),
    413: Problem(
        "This is more text than can be sent at once",
        ("Nothing was changed. Open the page anew, and write less there.",),
    ),
    415: Problem(
        "Files cannot be sent here", ("Nothing was changed. Open the page anew, and write it there as text.",)
    ),
    429: Problem("There were too many tries in a short time", ("Wait a few minutes, then go back and try again.",)),
    500: Problem(
        "Something broke on our side",
        (
            "It may be that nothing was done. Open the page anew and see, before you do it again.",
            "If it happens again, tell whoever runs this program; its log says where.",
        ),
    ),
    503: Problem(
        "The staff pages are closed for a moment",
        ("Wait a minute, then open the page anew.",),
    ),
}
"""The error pages by status."""


def prepare(app: Flask) -> None:
    """Make the error pages of everything below the staff pages' address."""
    # By the template alone: what the other pages have around them is read from the database, which may be what broke.
    template = app.jinja_env.get_template("clinic/fault.html")
    pages = {
        status: template.render(problem=problem, number=name_place(status)).encode()
        for status, problem in FAULTS.items()
    }
    get_shell(app).problem_pages_below["/clinic"] = pages
