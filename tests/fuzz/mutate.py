"""The mutating client: it takes a request that means well and spoils it in one to four ways, by chance from a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from tests.fuzz import payloads
from tests.fuzz.cast import HALF_IN, ROLES, SENTINELS, STAFF_ROLES
from tests.fuzz.corpus import Base, Corpus
from tests.fuzz.plan import Plan
from tests.fuzz.recipe import Framing, Recipe, encode_form
from tests.fuzz.spoil import SPOILERS

_OTHERS: Final = tuple(role for role in ROLES if role not in SENTINELS)
_CROWDED: Final = "127.9.9.9"
"""Some always come from here: throttles are met as well, and stay on."""
_COSTLY: Final = {"/summary.pdf": 8, "/clinic/responses/<reference>.pdf": 8, "/clinic/audit/verify": 40}

_TIMES: Final = (1, 1, 1, 1, 2, 2, 3)
_IN_FIELDS: Final = 0.7
_TURNED_AWAY: Final = 4
"""Of so many requests that are turned away at the door one is made: behind it is more to break."""

Mutator = Callable[[Plan, Random], None]


def change_value(plan: Plan, chance: Random) -> None:
    """Give a field a value that breaks programs."""
    name = chance.choice(plan.fields)[0] if plan.fields else "x"
    plan.set_field(name, chance.choice(payloads.VALUES))


def change_all(plan: Plan, chance: Random) -> None:
    """Give every field but those that let a form pass such a value."""
    kept = {"csrf_token", "draft", "asked", "action"}
    plan.fields = [(name, value if name in kept else chance.choice(payloads.VALUES)) for name, value in plan.fields]


def enlarge(plan: Plan, chance: Random) -> None:
    """Make a value huge."""
    change_value(plan, chance)
    name = plan.fields[-1][0]
    plan.set_field(name, chance.choice(payloads.BIG))


def add_field(plan: Plan, chance: Random) -> None:
    """Add a control that no page has."""
    plan.fields.append((chance.choice(payloads.NAMES), chance.choice(payloads.VALUES)))


def drop_field(plan: Plan, chance: Random) -> None:
    """Leave a control out, as a page that was cut short would."""
    if plan.fields:
        plan.fields.pop(chance.randrange(len(plan.fields)))


def repeat_field(plan: Plan, chance: Random) -> None:
    """Send a control several times, with different values."""
    if plan.fields:
        name, value = chance.choice(plan.fields)
        times = chance.choice((1, 2, 60))
        plan.fields += [(name, chance.choice((value, *payloads.SMALL))) for _ in range(times)]


def press(plan: Plan, chance: Random) -> None:
    """Press a button that is there, or is not."""
    plan.set_field("action", chance.choice(payloads.ACTIONS))


def count_wrong(plan: Plan, chance: Random) -> None:
    """Name a revision or a version that is out of range."""
    plan.set_field(chance.choice(("revision", "seen", "version")), chance.choice(payloads.NUMBERS))


def add_rows(plan: Plan, chance: Random) -> None:
    """Send more rows than a list may have, or rows of no list."""
    first = chance.choice((1, 30, 39, 41, 10**9))
    for number in range(first, first + chance.choice((1, 3, 50))):
        for child in ("name", "dose", "often", "reason"):
            plan.fields.append((f"current-medicines-{number}-{child}", chance.choice(payloads.SMALL)))


def crowd(plan: Plan, chance: Random) -> None:
    """Send as many fields as are let through, or some more."""
    plan.fields += [(f"f{number}", "") for number in range(chance.choice((500, 999, 1001, 5000)))]


def shuffle(plan: Plan, chance: Random) -> None:
    """Send the fields in another order."""
    chance.shuffle(plan.fields)


def swap_page(plan: Plan, chance: Random) -> None:
    """Send one page's answers to another page."""
    if plan.base.rule == "/questions/<page_id>":
        plan.path = f"/questions/{chance.randrange(60)}"
    elif plan.is_form:
        plan.path = chance.choice(("/check", "/share/send", "/questions/3", "/support", "/erase", "/start", "/resume"))
        plan.base = Base(plan.base.role, "POST", plan.path, plan.path)


def type_code(plan: Plan, chance: Random) -> None:
    """Type a code of another kind, or of one's own."""
    plan.set_field(chance.choice(("code", "resume-code", "reference", "login")), chance.choice(payloads.CODES))


FIELDS: Final[tuple[Mutator, ...]] = (
    change_value,
    change_value,
    change_value,
    change_all,
    enlarge,
    add_field,
    drop_field,
    repeat_field,
    press,
    count_wrong,
    add_rows,
    crowd,
    shuffle,
    swap_page,
    type_code,
)


def break_body(plan: Plan, chance: Random) -> None:
    """Send another body, cut it, or flip bytes of it."""
    text = encode_form(plan.fields)
    kind = chance.randrange(4)
    if kind == 0:
        plan.body = chance.choice(payloads.BODIES)
        if plan.body.startswith("--fz"):
            plan.content_type = "multipart/form-data; boundary=fz"
    elif kind == 1:
        plan.body = text[: chance.randrange(len(text) + 1)]
    elif kind == 2:
        plan.body = _flip(text, chance)
    else:
        codec = chance.choice(("utf-16", "utf-32", "utf-7", "cp037"))
        plan.body = text.encode(codec, "replace").decode("latin-1")
        plan.content_type += f"; charset={codec}"


def send_parts(plan: Plan, chance: Random) -> None:
    """Send the fields as multipart, whole or with a wrong end."""
    parts = [
        f'--fz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in plan.fields
        if "\ud800" not in name + value and "\udfff" not in name + value
    ]
    end = chance.choice(("--fz--\r\n", "--fz--", "--fz", ""))
    plan.body = ("".join(parts) + end).encode().decode("latin-1")
    plan.content_type = "multipart/form-data; boundary=" + chance.choice(("fz", "fz", "fz", "zf", '"fz"'))


def change_type(plan: Plan, chance: Random) -> None:
    """Say that the body is something else."""
    plan.content_type = chance.choice(payloads.TYPES)


def change_path(plan: Plan, chance: Random) -> None:
    """Change a part of the address."""
    parts = plan.path.split("/")
    place = chance.randrange(1, len(parts)) if len(parts) > 1 else 0
    odd = chance.choice(payloads.PATHS)
    parts[place] = chance.choice((odd, parts[place] + odd, parts[place].upper(), f"/{parts[place]}"))
    plan.path = "/".join(parts)


def change_query(plan: Plan, chance: Random) -> None:
    """Change what is asked for: sealed words, places, days, numbers."""
    if plan.query and chance.random() < 0.7:
        place = chance.randrange(len(plan.query))
        name, value = plan.query[place]
        odd = chance.choice((*payloads.VALUES, value + "A", "A" + value, "@@find-cut@@", "@@find-flip@@"))
        plan.query[place] = (name, odd)
    else:
        names = (
            "find",
            "after",
            "before",
            "who",
            "since",
            "until",
            "edition",
            "item",
            "state",
            "version",
            "to",
            "print",
        )
        plan.query.append((chance.choice(names), chance.choice(payloads.VALUES)))


def change_header(plan: Plan, chance: Random) -> None:
    """Send a header that is odd, or is there already."""
    plan.headers.append(chance.choice(payloads.HEADERS))
    name = plan.headers[-1][0]
    plan.is_broken = plan.is_broken or name in {"", "X Fz", "X-Fz\0", "Transfer-Encoding", "Expect"}


def change_method(plan: Plan, chance: Random) -> None:
    """Use another method."""
    plan.method = chance.choice(payloads.METHODS)


def change_version(plan: Plan, chance: Random) -> None:
    """Speak another HTTP."""
    plan.version, plan.is_broken = chance.choice(payloads.VERSIONS), True


def change_target(plan: Plan, chance: Random) -> None:
    """Send an address of another form."""
    host = chance.choice((plan.host, "evil.example", "[::1", "a:b@c:99999"))
    forms = (
        f"https://{host}{plan.path}",
        f"http://{host}{plan.path}",
        f"//{host}{plan.path}",
        plan.path[1:],
        "*",
        "",
        f"{plan.path}#<fz>",
        f"{plan.path}?%zz=%&&==&<fz>=\xff",
        f"/%2e%2e{plan.path}",
        plan.path + "/" * 50,
    )
    plan.path, plan.query, plan.is_broken = chance.choice(forms), [], True


def swap_cookie(plan: Plan, chance: Random) -> None:
    """Come with somebody else's cookie, with two, or with none that there is."""
    other = chance.choice(_OTHERS)
    some = (
        f"@@cookie:{other}@@",
        f"@@cookie:{other}@@; @@cookie@@",
        f"@@cookie@@; @@cookie:{other}@@",
        "@@cookie@@X",
        *payloads.COOKIES,
    )
    plan.cookie = chance.choice(some)


def swap_token(plan: Plan, chance: Random) -> None:
    """Send the form with the token of somebody else."""
    plan.set_field("csrf_token", chance.choice((f"@@token:{chance.choice(_OTHERS)}@@", "", "x", "@@token@@x")))


def lie_about_length(plan: Plan, chance: Random) -> None:
    """Say that the body ends elsewhere."""
    plan.framing = chance.choice(list(Framing))
    if chance.random() < 0.2:
        plan.framing, plan.is_broken = Framing.NONE, True
        plan.headers.append(("Content-Length", chance.choice(payloads.LENGTHS)))
    if plan.framing is not Framing.RIGHT:
        plan.is_broken = plan.is_broken or plan.framing in {Framing.NONE, Framing.SHORT}


def cut_off(plan: Plan, chance: Random) -> None:
    """Hang up in the middle."""
    plan.cut = chance.choice((0, 1, 5, 20, chance.randrange(20, 900)))


def pipeline(plan: Plan, chance: Random) -> None:
    """Send more on the same connection without waiting."""
    get = f"GET {chance.choice(('/', '/check', '/clinic/people', '/healthz'))} HTTP/1.1\r\nHost: {plan.host}\r\n"
    last = f"{get}Connection: close\r\n\r\n"
    plan.tail = chance.choice((last, f"{get}\r\n" * 3 + last, "\r\n\r\n" + last, "\0\xff<fz>\r\n\r\n", "G" * 500))


def repeat_host(plan: Plan, chance: Random) -> None:
    """Name two hosts, or one that is not this."""
    if chance.random() < 0.5:
        plan.headers.append(("Host", chance.choice((plan.host, "evil.example"))))
    else:
        plan.host = chance.choice(("evil.example", "", "<fz>", f"{plan.host}:99999", f"{plan.host}.", "a b", "\xff"))


def flip_bytes(plan: Plan, chance: Random) -> None:
    """Flip bytes of the request line."""
    recipe = plan.bake()
    plan.line, plan.is_broken = _flip(recipe.line, chance), True


WIRE: Final[tuple[Mutator, ...]] = (
    break_body,
    send_parts,
    change_type,
    change_path,
    change_path,
    change_query,
    change_query,
    change_header,
    change_header,
    change_method,
    change_version,
    change_target,
    swap_cookie,
    swap_cookie,
    swap_token,
    lie_about_length,
    lie_about_length,
    cut_off,
    pipeline,
    repeat_host,
    flip_bytes,
)


def make_recipe(corpus: Corpus, seed: int, number: int) -> Recipe:
    """Return the recipe of a number: the first ones take every address in every role in turn, the later ones any."""
    chance = Random(f"{seed}/{number}")  # noqa: S311 (it has to be the same again, not secret)
    keys = list(corpus)
    key = keys[number] if number < len(keys) else _choose(keys, chance)
    plan = Plan(chance.choice(corpus[key]), _choose_address(number, chance))
    # Mostly in the fields: what breaks before a page is reached tries no page.
    kinds = [FIELDS if plan.is_form and chance.random() < _IN_FIELDS else WIRE for _ in range(chance.choice(_TIMES))]
    for kind in kinds:
        mutate = chance.choice(kind)
        mutate(plan, chance)
        plan.how.append(mutate.__name__)
    if (plan.is_sentinel and plan.method != "GET") or chance.random() < 0.1:
        spoil = chance.choice(SPOILERS)
        spoil(plan, chance)
        plan.how.append(spoil.__name__)
    return plan.bake()


def _choose(keys: list[tuple[str, str]], chance: Random) -> tuple[str, str]:
    while True:
        key = chance.choice(keys)
        role, endpoint = key
        rule = endpoint.partition(" ")[2]
        is_behind_door = rule.startswith("/clinic/") is not (role in STAFF_ROLES or role in HALF_IN)
        if chance.randrange(_COSTLY.get(rule, 1) * (_TURNED_AWAY if is_behind_door else 1)) == 0:
            return key


def _choose_address(number: int, chance: Random) -> str:
    if chance.random() < 0.02:
        return _CROWDED
    return f"127.{10 + number // 62500 % 200}.{number // 250 % 250}.{1 + number % 250}"


def _flip(text: str, chance: Random) -> str:
    some = list(text)
    for _ in range(chance.choice((1, 3, 20))):
        if some:
            some[chance.randrange(len(some))] = chr(chance.randrange(256))
    return "".join(some)
