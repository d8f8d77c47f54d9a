"""What is known of a dataset before it is prepared, and after."""

import dataclasses
import sys
from types import SimpleNamespace

import pytest

from genharness.data import ensure_prepared
from genharness.data.facts import facts_reader
from genharness.errors import ConfigError


@pytest.fixture
def read(toy):
    datasets = SimpleNamespace(find={"toy": toy.spec}.__getitem__)
    return facts_reader(SimpleNamespace(datasets=datasets))


def test_where_the_spec_says_enough_nothing_is_prepared(toy, read):
    facts = read("toy")
    assert (facts.shape.shape, facts.counts) == ((3, 6, 8), {"train": 40, "test": 12})
    assert (facts.class_names, facts.content_hash) == (toy.spec.class_names, "")
    assert not (toy.folder / "calls").exists()


@pytest.mark.parametrize(
    "reference", ["toy", "toy@4", "toy@4:grey", "toy#8", "toy#validation=10", "toy#validation=10,8"]
)
def test_what_the_spec_says_is_what_preparing_gives(toy, read, reference):
    before = read(reference)
    ensure_prepared(toy.spec, reference)
    after = read(reference)
    assert after.content_hash
    assert dataclasses.replace(after, content_hash="") == before


def test_where_only_the_data_can_say_it_is_prepared(toy, read):
    object.__setattr__(toy.spec, "shape", None)
    assert read("toy").content_hash
    assert toy.calls() == 1


def test_a_limit_of_the_run_is_a_limit_of_the_data(toy):
    datasets = SimpleNamespace(find={"toy": toy.spec}.__getitem__)
    facts = facts_reader(SimpleNamespace(datasets=datasets), limit=8)("toy")
    assert (facts.reference, facts.counts) == ("toy#8", {"train": 8, "test": 8})


def test_a_path_that_no_record_could_hold_is_refused_before_anything_is_read(read):
    with pytest.raises(ConfigError, match=r"folder:/fo\\xffto is no UTF-8, and no record could hold it"):
        read("folder:/fo\udcffto")


def test_facts_are_of_the_data_that_a_run_would_prepare(toy, read):
    """A plan that looked at data of other code would say that nothing changed."""
    before = ensure_prepared(toy.spec, "toy").content_hash
    path = toy.folder / "toy_dataset.py"
    path.write_text(path.read_text().replace("images(40, 0)", "images(40, 7)"))
    sys.modules.pop("toy_dataset")
    assert read("toy").content_hash not in ("", before)


def test_data_of_other_code_that_takes_a_download_is_named(toy, read):
    object.__setattr__(toy.spec, "bundled", False)
    ensure_prepared(toy.spec, "toy")
    assert read("toy").notes == ()
    path = toy.folder / "toy_dataset.py"
    path.write_text(path.read_text().replace("images(40, 0)", "images(40, 7)"))
    (note,) = read("toy").notes
    assert note.startswith("toy was prepared by other code than is installed: `genharness data prepare toy --force`")
