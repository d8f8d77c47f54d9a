"""Datasets that are checked side by side."""

import pickle

import pytest

from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.selfcheck.asking import Asked
from genharness.selfcheck.faults import FAULTS
from genharness.selfcheck.plain import checked_plain
from genharness.selfcheck.several import check_datasets
from genharness.study.measuring import Measuring

REGISTRY = load_registry()


def asked(**options):
    return Asked(measuring=Measuring(metrics=("fid",), features="identity"), draws=5, count=50, **options)


@pytest.mark.slow
def test_processes_find_what_one_process_finds_and_tell_of_whom():
    names, told = ("breast-cancer", "breast-cancer#400"), []
    together = check_datasets(names, asked(), REGISTRY, lambda *what: told.append(what[2]), cores=2)
    alone = check_datasets(names, asked(), REGISTRY, lambda *what: None, cores=1)
    assert [checked_plain(one) for one in together] == [checked_plain(one) for one in alone]
    assert {one.partition(":")[0] for one in told} == set(names)


@pytest.mark.slow
def test_a_mistake_in_one_dataset_is_told_in_its_words():
    with pytest.raises(ConfigError, match="has too few samples to plant faults into: 250 are needed"):
        check_datasets(("breast-cancer", "breast-cancer#100"), asked(), REGISTRY, lambda *what: None, cores=2)


def test_one_core_needs_no_process(monkeypatch):
    monkeypatch.setattr("genharness.selfcheck.several.ProcessPoolExecutor", lambda *what: 1 / 0)
    (found,) = check_datasets(("breast-cancer",), asked(), REGISTRY, lambda *what: None, cores=4)
    assert found.dataset == "breast-cancer"


def test_every_fault_is_sent_as_itself():
    assert all(pickle.loads(pickle.dumps(fault)) is fault for fault in FAULTS)
