"""Hypothesis' own requests: any text in any place, and small again where one fails."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from tests.fuzz import payloads
from tests.fuzz.cast import SENTINELS
from tests.fuzz.corpus import Base, Corpus
from tests.fuzz.plan import Plan
from tests.fuzz.recipe import Framing, Recipe

_ANY: Final = st.characters(exclude_categories=())  # half characters too
_BYTES: Final = st.characters(max_codepoint=255)
_WORDS: Final = st.one_of(
    st.text(_ANY, max_size=60),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.datetimes().map(str),
    st.sampled_from(payloads.VALUES),
    st.text(_ANY, min_size=1, max_size=3).map(lambda text: text * 5000),
)
_NAMES: Final = st.one_of(st.sampled_from(payloads.NAMES), st.text(_ANY, max_size=20))
# A line end within a line would be another line: those are made on purpose elsewhere.
_LINE: Final = st.text(_BYTES.filter(lambda character: character not in "\r\n\0"), max_size=60)
_SEGMENTS: Final = st.one_of(st.sampled_from(payloads.PATHS), st.text("%0123456789abcdefABCDEF./;\\", max_size=30))
_METHODS: Final = st.one_of(st.sampled_from(payloads.METHODS), st.text("ABCDEFGHIJ-_", min_size=1, max_size=20))

Edit = tuple[str, int, str, str]

_EDITS: Final = st.one_of(
    st.tuples(st.just("value"), st.integers(0, 40), st.just(""), _WORDS),
    st.tuples(st.just("value"), st.integers(0, 40), st.just(""), _WORDS),
    st.tuples(st.just("name"), st.integers(0, 40), _NAMES, st.just("")),
    st.tuples(st.just("extra"), st.integers(1, 60), _NAMES, _WORDS),
    st.tuples(st.just("drop"), st.integers(0, 40), st.just(""), st.just("")),
    st.tuples(st.just("action"), st.just(0), st.just(""), st.one_of(st.sampled_from(payloads.ACTIONS), _WORDS)),
    st.tuples(st.just("query"), st.integers(0, 4), _NAMES, _WORDS),
    st.tuples(st.just("segment"), st.integers(1, 4), st.just(""), _SEGMENTS),
    st.tuples(st.just("header"), st.just(0), st.sampled_from([name for name, _ in payloads.HEADERS if name]), _LINE),
    st.tuples(st.just("cookie"), st.just(0), st.just(""), _LINE),
    st.tuples(st.just("method"), st.just(0), st.just(""), _METHODS),
    st.tuples(st.just("type"), st.just(0), st.just(""), st.one_of(st.sampled_from(payloads.TYPES), _LINE)),
    st.tuples(
        st.just("body"), st.just(0), st.just(""), st.binary(max_size=2000).map(lambda body: body.decode("latin-1"))
    ),
    st.tuples(st.just("cut"), st.integers(0, 900), st.just(""), st.just("")),
    st.tuples(st.just("framing"), st.just(0), st.just(""), st.sampled_from([str(one) for one in Framing])),
)


def list_bases(corpus: Corpus) -> list[Base]:
    """Return what may be changed at will: all but what a sentinel would send, whose answers must stay as they are."""
    return [base for (role, _), bases in corpus.items() if role not in SENTINELS for base in bases]


def make_recipes(corpus: Corpus) -> st.SearchStrategy[Recipe]:
    """Return a strategy of requests for every address in every role."""
    edits = st.lists(_EDITS, min_size=1, max_size=4)
    address = st.integers(1, 250).map(lambda number: f"127.240.{number}.1")
    return st.builds(_build, st.sampled_from(list_bases(corpus)), address, edits)


def _build(base: Base, address: str, edits: list[Edit]) -> Recipe:
    plan = Plan(base, address)
    for kind, number, name, value in edits:
        plan.how.append(kind)
        _apply(plan, kind, number, name, value)
    return plan.bake()


def _apply(plan: Plan, kind: str, number: int, name: str, value: str) -> None:
    place = number % len(plan.fields) if plan.fields else 0
    match kind:
        case "value" | "name" | "drop" if plan.fields:
            old_name, old_value = plan.fields.pop(place)
            if kind != "drop":
                plan.fields.insert(place, (old_name, value) if kind == "value" else (name, old_value))
        case "extra":
            plan.fields += [(name, value)] * number
        case "action":
            plan.set_field("action", value)
        case "query":
            plan.query[number : number + 1] = [(name, value)]
        case "segment":
            parts = plan.path.split("/")
            parts[min(number, len(parts) - 1)] = value
            plan.path = "/".join(parts)
        case "header":
            plan.headers.append((name, value))
            plan.is_broken = plan.is_broken or name in {"Transfer-Encoding", "Expect", "X Fz", "X-Fz\0"}
        case _:
            _apply_to_wire(plan, kind, number, value)


def _apply_to_wire(plan: Plan, kind: str, number: int, value: str) -> None:
    match kind:
        case "cookie":
            plan.cookie = value
        case "method":
            plan.method = value
        case "type":
            plan.content_type = value.partition("\r")[0]
        case "body":
            plan.body = value
        case "cut":
            plan.cut = number
        case "framing":
            plan.framing = Framing(value)
            plan.is_broken = plan.is_broken or plan.framing in {Framing.NONE, Framing.SHORT}
