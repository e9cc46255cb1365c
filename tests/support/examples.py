"""How many examples a property is tried with: few at every run, always the same, and many when somebody explores."""

from typing import Final

from hypothesis import HealthCheck, settings

_USUAL: Final = 100


def register_profiles() -> None:
    """Have both profiles known and the usual one used.

    No test asserts a time, and a deadline and the check for slow data would fail on a machine that is busy with
    something else. The examples are the same at every run: a change is judged by what it changes. Twenty times as many,
    new ones at every run: make test ARGS="--hypothesis-profile=explore".
    """
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("foreword", patient, max_examples=_USUAL, derandomize=True, database=None)
    settings.register_profile("explore", patient, max_examples=20 * _USUAL, print_blob=True)
    settings.load_profile("foreword")


def count_examples(usual: int) -> int:
    """Return how many to try of a property that costs more than others, for which this many are usual."""
    return usual * settings().max_examples // _USUAL
