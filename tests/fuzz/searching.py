"""Hypothesis looks for a request that is answered wrongly, and makes it as small as it can."""

from __future__ import annotations

import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.campaign import Campaign, Fault
from tests.fuzz.recipe import Recipe
from tests.fuzz.strategies import make_recipes


class WrongAnswerError(Exception):
    """A request was answered wrongly; the text says how."""


def search(campaign: Campaign, chosen_seed: int, examples: int, report: Callable[[int], None]) -> None:
    """Try so many requests; the smallest that fails becomes a fault of the campaign."""
    found: list[Fault] = []

    @seed(chosen_seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(recipe=make_recipes(campaign.stage.corpus))
    def try_one(recipe: Recipe) -> None:
        faults = campaign.try_one(recipe)
        report(1)
        if faults:
            found[:] = [Fault(recipe, tuple(faults))]
            raise WrongAnswerError("; ".join(faults))

    begun = time.monotonic()
    try:
        try_one()
    except WrongAnswerError:
        campaign.tally.faults += found
    campaign.renew()
    campaign.tally.seconds += time.monotonic() - begun
