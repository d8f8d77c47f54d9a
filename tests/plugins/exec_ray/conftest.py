"""What the tests of the Ray executor share: a real cluster, and runs in the background."""

import pytest

from background import runs
from ray_runs import SMALL


@pytest.fixture(scope="session", autouse=True)
def _ray_is_there():
    pytest.importorskip("ray", reason="ray is not installed: pip install 'genharness[ray]'", exc_type=ImportError)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A $GENHARNESS_HOME that a module's tests share, so that data and classifiers are made once."""
    return str(tmp_path_factory.mktemp("home"))


@pytest.fixture
def make_cluster(monkeypatch):
    """Start a cluster of two nodes, as processes of this machine; `second` is the one that may be killed."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    made = []

    def make(head_cpus=1):
        head = {**SMALL, "num_cpus": head_cpus, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        made.append(cluster)
        cluster.second = cluster.add_node(**SMALL)
        return cluster

    yield make
    for cluster in made:
        cluster.shutdown()


@pytest.fixture
def start(tmp_path, home):
    with runs(tmp_path, home, cold=True) as begin:
        yield begin
