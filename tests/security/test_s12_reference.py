"""security.md S12: references are all different and uniform, a slip is caught, and none of them opens anything."""

from collections import Counter
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.storage.engine import begin_read, begin_write
from app.storage.responses import Sending, receive_response
from app.storage.tables import RESPONSES
from app.vault import make_secret
from app.vault.codes import format_resume_code, hash_receipt
from app.vault.reference import ReferenceCodeError, format_reference, parse_reference
from app.vault.symbols import SYMBOLS
from tests.web.patient.sender import find_services, send
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

MANY = 2000
# The 0.999999 quantile of chi-squared with 31 degrees of freedom: one run in a million is above it by chance.
UNLIKELY = 79.5
NAME = "Zoë O’Test"


@pytest.fixture
def reference(visitor: Visitor, app: Flask) -> str:
    """Return the reference of somebody who answered a page and sent it."""
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    send(visitor)
    with begin_read(find_services(app).engine) as connection:
        found: str = connection.execute(select(RESPONSES.c.reference)).scalar_one()
    return found


def test_two_thousand_sendings_have_two_thousand_references(app: Flask) -> None:
    services = find_services(app)
    edition_hash = services.editions.get_newest().edition.hash
    now = services.now()
    references = []
    with begin_write(services.engine) as connection:
        for _ in range(MANY):
            sending = Sending(
                receipt_hash=hash_receipt(make_secret()),
                version=1,
                edition_hash=edition_hash,
                language="en",
                delete_at=now,
                seal=lambda row_id, reference: f"{row_id}{reference}".encode(),
            )
            references.append(receive_response(connection, sending, now)[0].reference)
    assert len(set(references)) == MANY
    expected = MANY / len(SYMBOLS)
    for place in range(len(references[0])):
        counts = Counter(reference[place] for reference in references)
        assert sum((counts[symbol] - expected) ** 2 / expected for symbol in SYMBOLS) < UNLIKELY, place
    rises = sum(one < other for one, other in pairwise(references))
    assert abs(rises - MANY / 2) < MANY / 10


def test_no_address_with_a_reference_shows_an_answer_in_a_fresh_browser(app: Flask, reference: str) -> None:
    addresses = [str(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    stranger = make_visitor(app)
    for address in addresses:
        for code in (reference, format_reference(reference)):
            # In the place of whatever the address has room for, behind it, and in a query
            filled = "/".join(code if part.startswith("<") else part for part in address.split("/"))
            for tried in (filled, f"{address.partition('<')[0]}{code}", f"{filled}?reference={code}"):
                response = stranger.client.get(tried, base_url=ORIGIN, follow_redirects=True)
                assert NAME not in response.get_data(as_text=True), tried
                assert "What you sent" not in response.get_data(as_text=True), tried


def test_a_reference_is_no_resume_code(app: Flask, reference: str) -> None:
    stranger = make_visitor(app)
    for code in (reference, format_reference(reference), f"{reference}{reference}{reference[:4]}"):
        stranger.get("/resume")
        page = stranger.post({"code": code}, form=stranger.find_form("/resume"))
        assert stranger.status == 422
        assert "What you sent" not in page.text


def test_a_wrong_symbol_is_told_without_a_look_into_the_database(app: Flask, reference: str) -> None:
    asked: list[str] = []
    event.listen(find_services(app).engine, "before_cursor_execute", lambda *values: asked.append(values[2]))
    wrong = reference[:4] + SYMBOLS[(SYMBOLS.index(reference[4]) + 1) % len(SYMBOLS)] + reference[5:]
    with pytest.raises(ReferenceCodeError):
        parse_reference(wrong)
    assert asked == []


def test_a_wrong_resume_code_opens_no_receipt(app: Flask, reference: str) -> None:
    stranger = make_visitor(app)
    for _ in range(20):
        stranger.get("/resume")
        page = stranger.post({"code": format_resume_code(make_secret())}, form=stranger.find_form("/resume"))
        assert stranger.status == 422
        assert format_reference(reference) not in page.text
