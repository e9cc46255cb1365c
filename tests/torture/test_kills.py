"""The short torture: what `make torture` does two hundred times, some times over."""

from pathlib import Path

from tests.torture.__main__ import draw
from tests.torture.run import Plan, Torture

KILLS = 3


def test_what_was_acknowledged_outlives_every_kill(tmp_path: Path) -> None:
    outcome = Torture(tmp_path, Plan(seed="1", kills=KILLS, sample=5, has_rotation=False)).run()
    assert not outcome.faults, draw(outcome)
    assert outcome.kills == KILLS
    assert outcome.verdict.acknowledged["pages"] > 0
    assert outcome.verdict.acknowledged["submissions"] > 0
