"""A `.keras` file that is loaded in a new process goes on bit for bit, on every backend.

Every model, with an averaged generator, is trained in float32 and in one kind of mixed precision.
"""

import backends
import pytest
import resume

pytestmark = pytest.mark.usefixtures("suites")
SCRIPT = "import runpy; runpy.run_module('resume', run_name='__main__')"


def gone_on(backend, folder, *options):
    """The runs whose second half, in a new process, was the same."""
    backends.run_on(backend, SCRIPT, "save", folder, *options)
    output = backends.run_on(backend, SCRIPT, "go_on", folder)
    return {line.removeprefix("SAME ") for line in output.splitlines() if line.startswith("SAME ")}


@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_training_goes_on_in_a_new_process(backend, tmp_path):
    expected = {f"{name} {policy}" for policy, names in resume.POLICIES.items() for name in names}
    assert gone_on(backend, tmp_path) == expected


@pytest.mark.slow
@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_every_model_goes_on_under_every_policy(backend, tmp_path):
    models = resume.POLICIES["float32"]
    expected = {f"{name} {policy}" for policy in resume.POLICIES for name in models}
    assert gone_on(backend, tmp_path, "everything") == expected
