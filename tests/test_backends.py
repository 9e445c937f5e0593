"""The tests of the models again on every other backend, each in a process of its own."""

import backends
import pytest


@pytest.mark.parametrize("backend", backends.OTHERS)
def test_suite_passes(backend, suites):
    backends.require(backend)
    process, path = suites[backend]
    failed = process.wait()
    output = path.read_text(errors="replace")
    if failed:
        pytest.fail(f"on {backend}:\n{output[-20_000:]}", pytrace=False)
    # Where everything is installed there is no reason to leave anything out.
    if all(map(backends.installed, backends.BACKENDS)):
        assert "skipped" not in output.strip().splitlines()[-1], output[-5000:]
