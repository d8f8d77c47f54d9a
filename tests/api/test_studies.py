"""`genharness.run` and `genharness.plan`."""

import subprocess
import sys
import threading

import pytest

from genharness.api import plan, run
from genharness.api.asking import ask
from genharness.errors import ConfigError
from genharness.spec.record import Record
from genharness.spec.report import silent

TINY = {"models": "gan", "datasets": "digits", "budget": "4steps", "metrics": "fid", "features": "pixels"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return tmp_path_factory.mktemp("study") / "results"


@pytest.fixture
def result(results):
    return run(**TINY, results=results)


def test_a_run_gives_a_record_a_cell_and_a_leaderboard(result):
    rows = [row for row in result.rows() if row["model"] == "gan"]
    assert [row["status"] for row in rows] == ["ok"]
    assert result.failures == {}
    assert not result.stopped
    (on_board,) = [row for row in result.leaderboard.rows() if row["model"] == "gan"]
    assert on_board["fid"] == rows[0]["fid"]


def test_what_is_finished_is_not_run_again_and_stays_in_the_result(result, results):
    events = []
    again = run(**TINY, results=results, on_event=events.append)
    assert events == []
    assert again.rows() == result.rows()


def test_a_plan_trains_nothing(result, results, tmp_path):
    left = {row["model"]: row["left"] for row in plan(**TINY, results=results).rows()}
    assert left["gan"] == "finished"
    assert all(row["left"] == "new" for row in plan(**TINY, results=tmp_path / "other").rows())
    assert not (tmp_path / "other").exists()


def test_a_stop_leaves_waiting_cells_out(tmp_path):
    stop = threading.Event()
    stop.set()
    stopped = run(**TINY, results=tmp_path / "results", stop=stop)
    assert stopped.stopped
    assert stopped.records == []


@pytest.mark.slow
def test_a_script_without_a_guard_runs_once(tmp_path):
    script = tmp_path / "study.py"
    script.write_text(
        "import genharness.api as api\n"
        "print('started')\n"
        f"result = api.run(**{TINY!r}, seeds=2)\n"
        "print(len([row for row in result.rows() if row['model'] == 'gan']), result.failures)\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["started", "2 {}"], done.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": "gna"}, "did you mean 'gan'"),
        ({"seedz": 3}, "run has no option 'seedz'; did you mean 'seeds'"),
        ({"budget": "0steps"}, "trains nothing"),
        ({"jobs": 0}, "jobs=0 is out of range"),
        ({"executor": "lokal"}, "did you mean 'local'"),
        ({"trackers": ["nope"]}, "nope"),
        ({"set": {"gan": {"lr": -1}}}, "gan.lr=-1"),
        ({"fresh": True, "keep_finished": True}, "exclude each other"),
    ],
    ids=str,
)
def test_mistakes_are_exceptions_that_name_the_argument(changes, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        run(**{**TINY, "results": tmp_path / "results", **changes})
    assert not (tmp_path / "results").exists()


def test_every_mistake_is_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as raised:
        run(**{**TINY, "models": "gna", "seeds": 0, "timeout": -1})
    assert len(raised.value.lines) == 3


@pytest.mark.parametrize("done", [False, True])
def test_an_executor_warms_up_while_data_is_prepared_where_there_is_something_to_run(done, tmp_path, monkeypatch):
    order = []
    asked = ask(None, {"models": "gaussian", "baselines": False, "results": tmp_path})
    tasks = [] if done else [one.task for one in asked.planned(lambda line: None)[1]]
    monkeypatch.setattr("genharness.data.ensure_prepared", lambda *args, **named: order.append("prepare"))
    monkeypatch.setattr(type(asked.executor), "warm", lambda self: order.append("warm"))
    asked.prepared(tasks, lambda line: None)
    assert order == ([] if done else ["warm", "prepare"])


def test_a_plan_of_a_study_that_is_decided_has_no_cells_to_run(tmp_path, monkeypatch):
    """It had all cells up to the limit, of rows that had lost too."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    given = {"models": "vae,ae", "datasets": "digits", "metrics": "fid", "baselines": False, "results": tmp_path}
    given |= {"until_decided": "fid", "seeds": 8, "budget": "9steps"}
    asked = ask(None, given)
    asked.store.open_for_writing()
    before, said = plan(**given), []
    for batch in asked.rounds(asked.planned(silent)[1], said.append):
        for task in batch:
            fid = (10.0 if task.cell.model == "vae" else 900.0) * (1 + 0.01 * task.cell.seed)
            made = Record(cell=task.cell, status="ok", scores={"fid": fid}, protocol=task.cell.protocol.as_plain())
            asked.store.save(made)
    assert "6 of 16 cells were needed" in said
    assert [row["left"] for row in before.rows()] == ["new"] * 16
    assert [row["cell_id"] for row in plan(**given).rows()] == [row["cell_id"] for row in before.rows()[:6]]
