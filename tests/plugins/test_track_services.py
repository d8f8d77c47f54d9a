"""Trackers of services: what they are told is what the record says, and nothing goes to a network by itself."""

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest
from PIL import Image

from board_records import record
from genharness.errors import ConfigError
from genharness.plugin.execution import Event, make_tracker
from genharness.plugin.registry import load_registry
from genharness.results.scalars import Scalars
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness_track_services.mlflow_runs import beside_database


def done():
    one = record("vae", 1.5, scores={"recall": None}, options={"lr": 0.1})
    one.measurements |= {"train_steps": 20.0}
    one.history.losses = {"step": [10, 20], "loss": [0.25, 0.125]}
    one.history.held_out = {"step": [10], "loss": [0.5]}
    one.history.scores = {"step": [10, 20], "fid": [3.0, None], "samples": [5, 5]}
    one.artefacts["grid"] = "grid.png"
    return one


def follow(name, results, settings=None):
    """Run a tracker through one cell, as a run does."""
    one = done()
    folder = Store(results).cell(one.cell.id).path
    folder.mkdir(parents=True)
    Image.new("L", (8, 8), 200).save(folder / "grid.png")
    tracker = make_tracker(load_registry(), name, {name.partition(":")[0]: settings or {}})
    tracker.start([Task(cell=one.cell, metrics={}, settings=Settings(results=results))])
    tracker.event(Event(cell_id=one.cell.id, phase="prepare"))
    tracker.event(Event(cell_id=one.cell.id, phase="train", step=10, values={"loss, of G": 0.25}))
    tracker.event(Event(cell_id=one.cell.id, phase="score-over-training", step=10, values={"fid": 3.0}))
    tracker.record(one)
    tracker.finish()


EXPECTED = {(one.name, one.step): one.value for one in Scalars().of_record(done())}


@pytest.fixture
def wandb(monkeypatch):
    """A stand-in with the interface of wandb that is used; it keeps what it is told."""
    runs = []

    class Run(SimpleNamespace):
        def log(self, values):
            self.logged.append(values)

        def define_metric(self, name, step_metric):
            self.steps = step_metric

        def finish(self):
            self.ended = True

    def init(**asked):
        runs.append(Run(asked=asked, logged=[], config={}, ended=False))
        return runs[-1]

    module = ModuleType("wandb")
    module.init, module.Settings, module.Image, module.runs = init, lambda **values: values, str, runs
    module.Table = lambda columns, data: {"columns": columns, "data": data}
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_wandb_is_told_the_numbers_of_the_record_a_run_a_cell_and_is_offline(wandb, tmp_path):
    follow("wandb:mine", tmp_path)
    cell, table = wandb.runs
    assert (cell.asked["project"], cell.asked["mode"], cell.asked["name"]) == ("mine", "offline", done().cell.id)
    numbers = {(name, one["step"]): one[name] for one in cell.logged if "step" in one for name in one.keys() - {"step"}}
    assert numbers == EXPECTED | {("train/loss, of G", 10): 0.25}
    assert (cell.config["option.lr"], cell.config["status"], cell.ended) == (0.1, "ok", True)
    assert any("pictures/grid" in one for one in cell.logged)
    assert table.logged[0]["results"]["data"][0][:2] == [done().cell.id, "vae"]


def test_a_service_of_wandb_that_was_killed_is_let_go_of(wandb, tmp_path, monkeypatch):
    def gone(*_, **__):
        raise ConnectionResetError("Connection lost")

    let_go = []
    wandb.init, wandb.teardown = gone, lambda: let_go.append(1) or gone()
    with pytest.raises(ConnectionResetError):
        follow("wandb:mine", tmp_path)
    assert let_go == [1]


class Client:
    """The part of MLflow's client that is used."""

    def __init__(self, tracking_uri):
        self.uri, self.runs, self.said = tracking_uri, {}, []
        Client.last = self

    def get_experiment_by_name(self, name):
        return None

    def create_experiment(self, name, artifact_location=None):
        self.place = artifact_location
        return name

    def create_run(self, experiment, run_name):
        self.runs[run_name] = {}
        return SimpleNamespace(info=SimpleNamespace(run_id=run_name))

    def log_batch(self, run, metrics):
        assert len(metrics) <= 1000
        self.runs[run] |= {(one.key, one.step): one.value for one in metrics}

    def __getattr__(self, name):
        return lambda *told: self.said.append((name, *told))


def test_mlflow_is_told_the_numbers_of_the_record(monkeypatch, tmp_path):
    entities = SimpleNamespace(Metric=lambda key, value, at, step: SimpleNamespace(key=key, value=value, step=step))
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(MlflowClient=Client))
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    monkeypatch.chdir(tmp_path)
    follow("mlflow:sqlite:///there.db", tmp_path)
    client = Client.last
    assert client.uri == "sqlite:///there.db"
    assert client.place == (tmp_path / "mlartifacts").as_uri()
    assert client.runs[done().cell.id] == EXPECTED | {("train/loss_ of G", 10): 0.25}
    assert ("log_param", done().cell.id, "option.lr", "0.1") in client.said
    assert ("set_terminated", done().cell.id, "FINISHED") in client.said
    assert next(told[2] for told in client.said if told[0] == "log_text").startswith("cell,model,dataset,seed,status")


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("sqlite:////a/runs.db", "file:///a/mlartifacts"),
        ("sqlite+pysqlite:////a/b c/runs.db?timeout=9", "file:///a/b%20c/mlartifacts"),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("file:///a/mlruns", None),
        ("/a/mlruns", None),
        ("http://127.0.0.1:5000", None),
        ("postgresql://me@host/runs", None),
    ],
)
def test_files_of_a_local_database_lie_beside_it_and_servers_and_folders_have_their_own_place(uri, place):
    assert beside_database(uri) == place


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_database_of_mlflow_holds_the_numbers_of_the_record(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    uri = f"sqlite:///{tmp_path}/runs.db"
    follow("mlflow", tmp_path / "results", {"uri": uri})
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("genharness").experiment_id
    runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    run = runs[done().cell.id].info.run_id
    for (name, step), value in EXPECTED.items():
        assert [(one.step, one.value) for one in client.get_metric_history(run, name)] == [(step, value)]
    assert runs[done().cell.id].data.params["option.lr"] == "0.1"
    assert {one.path for one in client.list_artifacts(run)} == {"grid.png"}
    assert runs.keys() == {done().cell.id, "results"}
    assert {path.name for path in tmp_path.glob("mlartifacts/*/artifacts/*")} == {"grid.png", "results.csv"}
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_wandb_itself_writes_a_run_a_cell_without_a_network(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nobody is there
    told = []
    monkeypatch.setattr(
        wandb.sdk.wandb_run.Run, "log", lambda self, values: told.append(json.dumps(values, default=str))
    )
    follow("wandb", tmp_path / "results", {"folder": str(tmp_path)})
    assert len(list(tmp_path.glob("wandb/offline-run-*/*.wandb"))) == 2
    assert any("score/fid" in one for one in told)


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_without_the_package_the_message_says_what_to_install(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=rf"pip install 'genharness\[{name}\]'"):
        make_tracker(load_registry(), name)


def test_the_package_names_its_trackers():
    import genharness_track_services

    assert [spec.name for spec in genharness_track_services.genharness_trackers()] == ["mlflow", "wandb"]
