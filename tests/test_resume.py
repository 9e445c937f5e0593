"""A `.keras` file that is loaded in a new process goes on bit for bit, on every backend.

For every model, with an averaged generator and mixed precision.
"""

import backends
import pytest
import resume

SCRIPT = "import runpy; runpy.run_module('resume', run_name='__main__')"


@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_training_goes_on_in_a_new_process(backend, tmp_path):
    backends.run_on(backend, SCRIPT, "save", tmp_path)
    output = backends.run_on(backend, SCRIPT, "go_on", tmp_path)
    same = {line.removeprefix("SAME ") for line in output.splitlines() if line.startswith("SAME ")}
    names = ("gan", "wgan", "wgan_gp", "conditional", "infogan")
    assert same == {f"{name} {policy}" for name in names for policy in resume.POLICIES}
