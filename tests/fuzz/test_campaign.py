"""A short campaign: every address in every role at least once, and a third of them on PostgreSQL, always the same.

`make fuzz` is the long one. A hang is decided here by a generous time-out, so that a busy machine fails nothing.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.storage.audit import Event, append_event
from app.storage.clinic_settings import save_settings
from app.storage.drafts import create_draft
from app.storage.engine import begin_write
from app.storage.tables import DRAFTS, NOTES
from app.vault.codes import make_secret
from tests.fuzz.campaign import Campaign, mutate
from tests.fuzz.searching import search
from tests.fuzz.stage import Stage, set_stage

SEED = 4


def run_short(stage: Stage, numbers: Iterable[int], searched: int) -> Campaign:
    campaign = Campaign(stage)
    campaign.run(mutate(stage, SEED, numbers), lambda _: None)
    search(campaign, SEED, searched, lambda _: None)
    campaign.look()
    return campaign


def say_faults(campaign: Campaign) -> str:
    return "\n".join([*map(str, campaign.tally.faults), *campaign.tally.findings])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


def test_no_malformed_request_breaks_or_changes_anything(stage: Stage) -> None:
    campaign = run_short(stage, range(len(stage.corpus) + 300), 150)
    assert not say_faults(campaign), say_faults(campaign)
    endpoints = {(role, endpoint) for role, endpoint, _ in campaign.tally.counts}
    assert len(endpoints) >= 0.95 * len(stage.corpus)  # a few became requests for another page


def test_nor_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    with set_stage(tmp_path, postgres_url) as stage:
        campaign = run_short(stage, range(0, len(stage.corpus), 3), 100)
        assert not say_faults(campaign), say_faults(campaign)


def test_what_nothing_explains_is_found(stage: Stage) -> None:
    ledger, cast = stage.ledger, stage.cast
    ledger.open()
    assert ledger.find_faults() == []
    edition = cast.services.editions.get_newest().edition.hash
    auditor = ledger.find_id("auditor")
    with begin_write(cast.engine) as connection:
        create_draft(connection, secret=make_secret(), edition_hash=edition, content=b"{}", now=cast.clock())
        event = Event(action="response.reviewed", actor=auditor, subject=cast.sentinel_references[0])
        append_event(connection, cast.services.desk.chain_key, event, cast.clock())
        save_settings(connection, "{}", seen=1, changed_by=auditor, now=cast.clock())
        connection.execute(delete(NOTES).where(NOTES.c.reference == cast.sentinel_references[0]))
    assert ledger.find_faults() == [
        "clinic_settings is not as it was",
        "a row of a sentinel is not as it was",
        "drafts has 1 rows more, and 0 answers said so",
        "the log says that auditor did response.reviewed",
        "the log says that auditor did response.reviewed to a sentinel",
    ]
    with begin_write(cast.engine) as connection:
        connection.execute(delete(DRAFTS).where(DRAFTS.c.id.in_(cast.sentinel_drafts)))
    assert not cast.is_alive("sentinel-draft")
