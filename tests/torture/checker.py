"""The judge: compares what people were told with what the outside shows in the end, and knows nothing else.

It reads no table and no file of the program. What was acknowledged has to be there, once, with whom it belongs, and
nowhere else; what was tried and not answered may be there or not.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.questionnaire.answers import CONFIRMED, OWN_WORDS
from tests.torture.ledger import Line, Values

_CONSENT = "consent-to-share"
_DONE = "complete"
_CLAIM = "claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What can be seen in the end: pages by whose cookie opens them, the export, notes, the log, and what leaked."""

    drafts: Mapping[str, list[Line] | None]
    """The pages of each draft that was opened again, by whose it is; None where it did not open."""
    responses: list[dict[str, Any]]
    notes: Mapping[str, list[str]]
    audit: str = ""
    """What `foreword audit verify` found, or nothing."""
    readable: list[str] = field(default_factory=list)
    """What could be read without the right key."""


@dataclass(slots=True)
class Verdict:
    """What is wrong, a sentence each, and how much was acknowledged."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)
    readable: list[str] = field(default_factory=list)
    acknowledged: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> list[str]:
        """Return everything that is wrong."""
        named = {"missing": self.missing, "doubled": self.doubled, "mixed up": self.mixed_up, "readable": self.readable}
        return [f"{name}: {sentence}" for name, sentences in named.items() for sentence in sentences]


@dataclass(slots=True)
class Person:
    """What one patient may hold to be true: of each question every answer that may stand there, the oldest first."""

    name: str
    mark: str = ""
    is_due: bool = False
    tried: dict[int, dict[str, Values]] = field(default_factory=dict)
    held: dict[str, list[Values]] = field(default_factory=dict)
    sendings: dict[int, dict[str, list[Values]]] = field(default_factory=dict)
    sent: list[tuple[str, dict[str, list[Values]]]] = field(default_factory=list)

    def try_page(self, number: int, asked: Iterable[str], typed: Values) -> None:
        """Note that a page was sent, whether or not it is kept."""
        self.tried[number] = split_page(asked, typed)
        for link_id, values in self.tried[number].items():
            self.held.setdefault(link_id, [{}]).append(values)

    def keep_page(self, number: int) -> None:
        """Note that a page was acknowledged: from now on nothing older may show."""
        for link_id, values in self.tried[number].items():
            self.held[link_id] = [values]


def judge(lines: Iterable[Line], outside: Outside) -> Verdict:
    """Return what is wrong, and how much was acknowledged."""
    verdict = Verdict(readable=list(outside.readable))
    book = list(lines)
    people = _read_people(book, verdict)
    marks = {person.mark: person.name for person in people.values() if person.mark}
    for name, person in people.items():
        _judge_draft(person, outside.drafts.get(name, []), verdict)
        rows = [row for row in outside.responses if row["response"].get("name") == name]
        _judge_sent(person, rows, verdict)
    _judge_strangers(people, marks, outside, verdict)
    _judge_reviews(book, people, outside, verdict)
    if outside.audit:
        verdict.missing.append(f"the audit log: {outside.audit}")
    return verdict


def split_page(asked: Iterable[str], typed: Values) -> dict[str, Values]:
    """Return what a page says by question, without empty boxes and without what only confirms a number."""
    return {
        link_id: {
            name: list(values)
            for name, values in typed.items()
            if any(values)
            and not name.endswith(CONFIRMED)
            and (name == link_id or (name.startswith(f"{link_id}-") and _find_owner(name, asked) == link_id))
        }
        for link_id in asked
    }


def _find_owner(control: str, asked: Iterable[str]) -> str:
    """Return the question a control belongs to: of two whose names begin alike the longer one."""
    return max((one for one in asked if control == one or control.startswith(f"{one}-")), key=len)


def _read_people(book: list[Line], verdict: Verdict) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for line in book:
        about, number = line.about, line.about.get("of", 0)
        person = people.get(line.who)
        if line.kind == "begun":
            people[line.who] = Person(line.who, mark=about["mark"], is_due=about.get("is_due", False))
        elif person is None:
            continue
        elif line.kind == "saving":
            person.try_page(about["n"], about["asked"], about["typed"])
        elif line.kind == "saved":
            person.keep_page(number)
            verdict.acknowledged["pages"] += 1
        elif line.kind == "shown":
            _judge_page(person, line, verdict)
        elif line.kind == "sending":
            person.sendings[about["n"]] = {link_id: list(values) for link_id, values in person.held.items()}
        elif line.kind == "sent":
            person.sent.append((about["reference"], person.sendings[number]))
            verdict.acknowledged["corrections" if len(person.sent) > 1 else "submissions"] += 1
    return people


def _judge_page(person: Person, line: Line, verdict: Verdict) -> None:
    for link_id, values in split_page(line.about["asked"], line.about["values"]).items():
        if link_id in person.held and values not in person.held[link_id]:
            verdict.missing.append(f"{person.name}: a page shows {values} and may show {person.held[link_id]}")


def _judge_draft(person: Person, pages: list[Line] | None, verdict: Verdict) -> None:
    if pages is None:
        if not person.is_due:
            verdict.missing.append(f"{person.name}: the draft does not open")
        return
    for page in pages:
        _judge_page(person, page, verdict)


def _judge_sent(person: Person, rows: list[dict[str, Any]], verdict: Verdict) -> None:
    if person.is_due:
        verdict.doubled += [f"{person.name}: past its day and still there" for _ in rows]
    elif not rows and person.sent:
        verdict.missing.append(f"{person.name}: was told {person.sent[0][0]}, and nothing is there")
    if person.is_due or not person.sendings:
        return  # what somebody has who never sent is told where strangers are looked for
    if len(rows) > 1:
        verdict.doubled.append(f"{person.name}: {len(rows)} responses")
    for row in rows:
        _judge_response(person, row, verdict)


def _judge_response(person: Person, row: dict[str, Any], verdict: Verdict) -> None:
    told = {reference for reference, _ in person.sent}
    reference, version = row["response"]["reference"], row["response"]["version"]
    if told and told != {reference}:
        verdict.mixed_up.append(f"{person.name}: was told {sorted(told)} and has {reference}")
    acknowledged = [snapshot for _, snapshot in person.sent]
    open_ones = [one for one in person.sendings.values() if not any(one is snapshot for snapshot in acknowledged)]
    if version < len(acknowledged):
        verdict.missing.append(f"{person.name}: version {len(acknowledged)} was acknowledged, {version} is there")
        return
    if version > len(acknowledged) + len(open_ones):
        verdict.doubled.append(f"{person.name}: version {version} after {len(acknowledged)} sendings")
        return
    candidates = acknowledged[-1:] if version == len(acknowledged) else open_ones
    faults = [list(_compare(snapshot, row["answers"])) for snapshot in candidates]
    if all(faults):
        verdict.missing += [f"{person.name}: {reference}: {fault}" for fault in faults[0]]


def _compare(snapshot: dict[str, list[Values]], answers: dict[str, Any]) -> Iterator[str]:
    for link_id, allowed in snapshot.items():
        if not any(_is_same(link_id, values, answers.get(link_id)) for values in allowed):
            yield f"{link_id} is {answers.get(link_id)} and was typed as {allowed}"
    for link_id in answers.keys() - snapshot.keys() - {_CONSENT}:
        yield f"{link_id} was never typed and is {answers[link_id]}"


def _is_same(link_id: str, typed: Values, given: dict[str, Any] | None) -> bool:
    if given is None or not typed:
        return given is None and not typed
    flat = [text for values in typed.values() for text in values]
    if "codes" in given:
        own = typed.get(link_id + OWN_WORDS, [""])[0]
        return sorted(typed.get(link_id, [])) == sorted(given["codes"]) and own == given.get("own-words", "")
    if "number" in given:
        return flat[0] == str(given.get("typed", given["number"])) or float(flat[0]) == float(given["number"])
    if "date" in given:
        return flat[-1] in given["date"]
    if "rows" in given:
        return sorted(flat) == sorted(text for row in given["rows"] for text in row.values() if text)
    return flat == [given["text"]]


def _judge_strangers(people: dict[str, Person], marks: dict[str, str], outside: Outside, verdict: Verdict) -> None:
    """Look for words of one person among another's, and for responses of nobody."""

    def find_strangers(name: str, texts: Iterable[str]) -> Iterator[str]:
        for text in texts:
            mark = text.partition("x")[0]
            if mark in marks and marks[mark] != name:
                yield f"{name}: has words of {marks[mark]}"

    for row in outside.responses:
        name = row["response"].get("name", "")
        if row.get("unreadable"):
            verdict.missing.append(f"{row['response']['reference']}: does not open")
        elif name not in people or not people[name].sendings:
            verdict.mixed_up.append(f"{name}: never sent, and {row['response']['reference']} is there")
        else:
            texts = [answer["text"] for answer in row["answers"].values() if "text" in answer]
            verdict.mixed_up += find_strangers(name, texts)
    for name, pages in outside.drafts.items():
        shown = [text for page in pages or () for values in page.about["values"].values() for text in values]
        verdict.mixed_up += find_strangers(name, shown)


def _judge_reviews(book: list[Line], people: dict[str, Person], outside: Outside, verdict: Verdict) -> None:
    due = {reference for person in people.values() if person.is_due for reference, _ in person.sent}
    acts = {line.about["n"]: line for line in book if line.kind == "acting" and line.about["reference"] not in due}
    done = {line.about["of"] for line in book if line.kind == "acted"} & acts.keys()
    seen = [line.about for line in book if line.kind == "seen" and line.about["of"] in acts]
    verdict.acknowledged["acts"] += len(done)
    for line in seen:
        act = acts[line["of"]].about
        verdict.acknowledged["notes"] += 1
        for place, count in (("was shown", line["notes"]), ("is there", outside.notes.get(act["reference"], []))):
            if act["note"] not in count:
                verdict.missing.append(f"{act['reference']}: a note was kept and none {place}: {act['note']}")
    places = Counter((reference, note) for reference, notes in outside.notes.items() for note in notes)
    verdict.doubled += [
        f"{reference}: {count} times: {note}" for (reference, note), count in places.items() if count > 1
    ]
    meant = {(act.about["reference"], act.about["note"]) for act in acts.values()}
    verdict.mixed_up += [f"{place[0]}: a note that nobody wrote there: {place[1]}" for place in places.keys() - meant]
    _judge_states(acts, done, book, outside, verdict)


def _judge_states(acts: dict[int, Line], done: set[int], book: list[Line], outside: Outside, verdict: Verdict) -> None:
    """Look whether what was claimed or marked reviewed still is, where no newer version came in since."""
    states = {row["response"]["reference"]: row["response"].get("state") for row in outside.responses}
    senders = {row["response"]["reference"]: row["response"].get("name") for row in outside.responses}
    for number in sorted(done):
        act = acts[number].about
        reference = act["reference"]
        sent_since = any(
            line.kind == "sending" and line.who == senders.get(reference) and line.about["n"] > number for line in book
        )
        expected = {_DONE: {"reviewed"}, _CLAIM: {"in-review", "reviewed", "needs-call"}}.get(act["act"])
        if expected and not sent_since:
            verdict.acknowledged["states"] += 1
            if states.get(reference) not in expected:
                verdict.missing.append(f"{reference}: {act['act']} was kept, and it is {states.get(reference)}")
