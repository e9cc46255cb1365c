"""What every test may ask for; each fixture lives in the module of its subject under tests/support."""

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.network",
    "tests.support.postgres",
    "tests.support.database",
    "tests.support.redis",
    "tests.support.server",
    "tests.support.browser",
    "tests.support.axe",
    "tests.support.html",
]

# No test asserts a time, and these two would fail on a machine that is busy with something else. All else stays as
# Hypothesis has it, which on CI is: the same examples at every run.
settings.register_profile(
    "foreword",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("foreword")
