"""Options and conversions that several commands share."""

import click
import pytest

from genharness.cli.options import InputPath, positive_seconds, read_settings, resolve_device, split_names
from genharness.errors import ConfigError, DataError


def test_names_are_split_at_commas_and_an_option_that_was_not_given_stays_so():
    assert split_names(None, None, " fid, kid,,prdc ") == ("fid", "kid", "prdc")
    assert split_names(None, None, "") == ()
    assert split_names(None, None, None) is None


def test_settings_are_gathered_by_plugin():
    assert read_settings(["vae.lr=0.1", "vae.latent=8", "kid.subsets=3"]) == {
        "vae": {"lr": "0.1", "latent": "8"},
        "kid": {"subsets": "3"},
    }


def test_a_value_may_hold_dots_and_equals_signs():
    assert read_settings(["files.path=a.b=c.png"]) == {"files": {"path": "a.b=c.png"}}


def test_a_negative_duration_is_refused():
    assert positive_seconds(None, None, 0.0) == 0.0
    with pytest.raises(click.BadParameter, match="-1 is negative"):
        positive_seconds(None, None, -1.0)


def test_a_path_must_be_there(tmp_path):
    assert InputPath().convert(str(tmp_path), None, None) == tmp_path
    with pytest.raises(DataError, match="does not exist: check the path"):
        InputPath().convert(str(tmp_path / "a"), None, None)


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cpu:0", "auto:1", ""])
def test_what_is_no_device_is_refused(device):
    with pytest.raises(ConfigError, match="is none of auto, cpu, cuda, cuda:0"):
        resolve_device(device)


def test_the_cpu_is_always_there():
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize(
    ("wanted", "count", "device"),
    [("auto", 0, "cpu"), ("auto", 2, "cuda"), ("cuda", 1, "cuda"), ("cuda:1", 2, "cuda:1")],
)
def test_a_gpu_is_taken_where_there_is_one(monkeypatch, wanted, count, device):
    pretend(monkeypatch, count)
    assert resolve_device(wanted) == device


@pytest.mark.parametrize(("wanted", "count"), [("cuda", 0), ("cuda:0", 0), ("cuda:2", 2)])
def test_a_gpu_that_is_not_there_is_refused(monkeypatch, wanted, count):
    pretend(monkeypatch, count)
    with pytest.raises(ConfigError, match=f"device '{wanted}' is not there"):
        resolve_device(wanted)


def pretend(monkeypatch, count):
    monkeypatch.setattr("genharness.cli.options._may_have_cuda", lambda: True)
    monkeypatch.setattr("torch.cuda.is_available", lambda: count > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
