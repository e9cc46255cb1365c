"""The closed half: staff pages, for people who are signed in and have the role that a page asks for."""

from typing import Final

from flask import Blueprint

blueprint: Final = Blueprint("clinic", __name__, url_prefix="/clinic")
