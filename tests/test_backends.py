"""The tests of the models again on every other backend, each in a process of its own."""

import backends
import pytest


@pytest.mark.parametrize("backend", backends.OTHERS)
@pytest.mark.parametrize(
    "suite",
    [backends.SUITE, pytest.param(backends.SLOW_SUITE, marks=pytest.mark.slow)],
    ids=["suite", "slow_suite"],
)
def test_suite_passes(suite, backend):
    files = [str(backends.TESTS / name) for name in suite]
    output = backends.run_on(backend, backends.SUITE_SCRIPT, *backends.SUITE_OPTIONS, *files)
    # Where everything is installed there is no reason to leave anything out.
    if all(map(backends.installed, backends.BACKENDS)):
        assert "skipped" not in output.strip().splitlines()[-1], output[-5000:]
