"""What makes sure that a request is refused, whatever else is done to it: nothing may be stored because of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from app.web.shell import MAX_BODY
from tests.fuzz.plan import Plan
from tests.fuzz.recipe import Framing

Spoiler = Callable[[Plan, Random], None]


def spoil_token(plan: Plan, chance: Random) -> None:
    """Take the form's token away, or send somebody else's."""
    plan.drop_field("csrf_token")
    plan.fields.append(("csrf_token", chance.choice(("", "x", "@@token:nobody@@", "IjAi.aaaaaa.bbbbbbbb"))))
    plan.body, plan.content_type, plan.spoilt = None, "application/x-www-form-urlencoded", "token"


def spoil_site(plan: Plan, chance: Random) -> None:
    """Come from another website."""
    plan.site, plan.spoilt = chance.choice(("cross-site", "same-site")), "site"


def spoil_host(plan: Plan, chance: Random) -> None:
    """Ask for another host."""
    plan.host, plan.spoilt = chance.choice(("evil.example", "localhost", "", "forms.example.test.evil.example")), "host"
    plan.headers = [(name, value) for name, value in plan.headers if name != "Host"]  # the right one may be there, too


def spoil_type(plan: Plan, chance: Random) -> None:
    """Send something that is no form."""
    plan.content_type, plan.spoilt = chance.choice(("application/json", "text/plain", "image/png")), "type"
    plan.body = plan.body or "{}"


def spoil_length(plan: Plan, chance: Random) -> None:
    """Hang up before the end that was promised."""
    plan.framing, plan.spoilt = chance.choice((Framing.LONG, Framing.CHUNK_CUT)), "length"
    plan.tail = ""  # it would be the rest
    said = {"Content-Length", "Transfer-Encoding"}
    plan.headers = [(name, value) for name, value in plan.headers if name not in said]


def spoil_size(plan: Plan, chance: Random) -> None:
    """Send too much."""
    plan.body, plan.spoilt = "a=" + "b" * (MAX_BODY + chance.choice((0, 1, 9000))), "size"
    plan.framing, plan.content_type = Framing.RIGHT, "application/x-www-form-urlencoded"


SPOILERS: Final[tuple[Spoiler, ...]] = (
    spoil_token,
    spoil_token,
    spoil_site,
    spoil_host,
    spoil_type,
    spoil_length,
    spoil_size,
)
