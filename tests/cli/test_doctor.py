"""`genharness doctor` as a user meets it: what the plugins say, and nothing of its own about them."""

PLUGIN = """
from genharness import ExecutorSpec, hookimpl

@hookimpl
def genharness_executors():
    packages = ("pluggy", "a-package-of-nobody")
    return [ExecutorSpec(name="queue", summary="Ours", factory="x:Queue", packages=packages)]
"""


def test_a_sound_installation_is_said_to_be_sound(genharness):
    done = genharness("doctor", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stdout
    for word in ("torch", "scikit-learn", "classifier", "nothing is broken"):
        assert word in done.stdout


def test_what_a_strangers_plugin_needs_is_looked_for(genharness, make_plugin):
    make_plugin("queue-plugin", PLUGIN)
    lines = genharness("doctor", COLUMNS="200").stdout.splitlines()
    (missing,) = [line for line in lines if "a-package-of-nobody" in line and "missing" in line]
    assert missing.split(None, 1)[1].strip() == "missing: pip install a-package-of-nobody (executor queue)"
    assert any(line.split()[:1] == ["pluggy"] and line.rstrip().endswith("(executor queue)") for line in lines)


def test_a_broken_plugin_is_told_and_costs_the_exit_code(genharness, make_plugin):
    make_plugin("broken-plugin", "raise RuntimeError('no licence')")
    done = genharness("doctor")
    assert done.returncode == 1
    assert "no licence" in done.stdout
