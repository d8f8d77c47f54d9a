"""Modules that count as they were before: the text of then is kept here, and both give the same bits."""

import importlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genharness.errors import DataError
from genharness.functional import clusters
from genharness.functional.copying import near_copies
from genharness.identity.closure import Reach, code_of
from genharness.identity.reading import meaning_of
from genharness.identity.unchanged import COUNTS_AS, counted_digest
from genharness.images import batches
from genharness.images.sources import open_source
from genharness_metric_memorisation import CopiesConfig, copies

EARLIER = Path(__file__).parent / "earlier"


def earlier(name):
    """Return the module of then, from its file."""
    spec = importlib.util.spec_from_file_location(f"earlier_{name}", EARLIER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    importlib.sys.modules[spec.name] = module  # dataclasses look for it there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("module", COUNTS_AS)
def test_what_counts_as_before_is_what_is_compared_here(module):
    now, before = COUNTS_AS[module]
    text = Path(importlib.util.find_spec(module).origin).read_bytes()
    assert meaning_of(text).digest == now, (
        "it was changed since: compare it with its earlier text again, or take it out"
    )
    assert meaning_of((EARLIER / f"{module.rpartition('.')[2]}.py").read_bytes()).digest == before


def test_every_earlier_text_is_of_a_module_that_counts_as_it():
    assert {path.stem for path in EARLIER.glob("*.py")} == {module.rpartition(".")[2] for module in COUNTS_AS}


def test_only_the_text_that_was_compared_counts_as_the_earlier_one():
    module, (now, before) = next(iter(COUNTS_AS.items()))
    assert counted_digest(module, now) == before
    assert counted_digest(module, "0" * 32) == "0" * 32
    assert counted_digest("genharness.functional.kid", now) == now


def test_the_code_behind_a_score_is_that_of_before(monkeypatch):
    reach = Reach(("genharness.functional",))
    as_before = code_of(["genharness.functional.clusters"], reach).digest
    monkeypatch.setattr("genharness.identity.unchanged.COUNTS_AS", {})
    assert code_of(["genharness.functional.clusters"], reach).digest != as_before


def test_centres_of_clusters_are_the_same():
    random = np.random.default_rng(0)
    lattice = np.repeat(np.arange(50.0, dtype=np.float32), 4)[:, None] % 7
    cases = [random.normal(size=(3000, 16)).astype(np.float32), random.normal(size=(500, 3)) * 1e9, lattice]
    for rows in cases:
        for cells in (1, 5):
            given = rows.copy()
            one, other = (module.kmeans_centres(given, cells, 3) for module in (clusters, earlier("clusters")))
            assert torch.equal(one, other)
            np.testing.assert_array_equal(given, rows)  # what was given is left as it was


@pytest.mark.parametrize("counts", [(1000, 300, 200), (50, 80, 30), (400, 400, 100), (7, 1, 3)])
def test_near_copies_are_the_same(counts):
    random = np.random.default_rng(sum(counts))
    train, test, fake = (random.normal(size=(count, 6)).astype(np.float32) for count in counts)
    fake[: len(fake) // 2] = train[: len(fake) // 2]
    then = earlier("near_copies")

    class ByParts:
        def __len__(self):
            return len(train)

        def __getitem__(self, rows):
            return torch.from_numpy(train)[rows]

    expected = then.near_copies(train, test, fake, seed=4)
    for given in (train, torch.from_numpy(train), ByParts()):
        assert_same(near_copies.near_copies(given, test, fake, seed=4), expected)
        assert_same(near_copies.CopyStandard.of(given, test, seed=4), then.CopyStandard.of(train, test, seed=4))


def assert_same(one, other):
    for name in one.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


class Sets:
    """An evaluation of pictures, some of them copies."""

    def __init__(self, seed, side, channels, dtype):
        random = np.random.default_rng(seed)
        self.pictures = {
            name: random.integers(0, 256, (count, channels, side, side)).astype(dtype)
            for name, count in (("train", 2500), ("test", 600), ("fake", 300))
        }
        self.pictures["fake"][:100] = self.pictures["train"][:100]
        self.seed, self.device, self.errors, self.shown = 5, torch.device("cpu"), {}, {}

    def samples(self, which):
        return self.pictures["test" if which == "real" else which]

    def features(self, which):
        found = self.samples(which)
        return found.reshape(len(found), -1)[:, :8].astype(np.float32)

    def derived(self, what, sets, compute):
        return compute()

    def state_error(self, column, error):
        self.errors[column] = error

    def state(self, fact, value):
        self.errors[fact] = value

    def show(self, name, images, columns):
        self.shown[name] = images


@pytest.mark.parametrize(
    ("side", "channels", "dtype"), [(8, 1, np.uint8), (28, 1, np.uint8), (12, 3, np.uint8), (4, 1, np.float32)]
)
def test_scores_of_copies_are_the_same(side, channels, dtype):
    now, then = Sets(1, side, channels, dtype), Sets(1, side, channels, dtype)
    config = CopiesConfig(pixel_count=250)
    scores, expected = copies.Copies(config).compute(now), earlier("copies").Copies(config).compute(then)
    assert scores == expected
    assert now.errors == then.errors
    assert scores["excess_copies"] > 0.2
    assert now.shown.keys() == then.shown.keys()
    for name, images in now.shown.items():
        np.testing.assert_array_equal(images, then.shown[name])


@pytest.fixture
def odd_pictures(tmp_path):
    """Give a source of pictures of many kinds, one of them none."""
    random = np.random.default_rng(2)
    for place in range(600):
        mode, side = ("L", "RGB", "P", "RGBA", "I;16")[place % 5], 8 + place % 7
        if mode == "I;16":
            picture = Image.fromarray(random.integers(0, 4096, (side, 9), np.uint16))
        else:
            picture = Image.fromarray(random.integers(0, 256, (side, 9, 3), np.uint8)).convert(mode)
        picture.save(tmp_path / f"{place:04}.png")
    (tmp_path / "0700.png").write_bytes(b"no picture")
    with open_source(tmp_path) as source:
        yield source


@pytest.mark.parametrize("long", [0.0, 1e9])  # in threads, and one after the other
def test_pictures_are_the_same(odd_pictures, long, monkeypatch):
    monkeypatch.setattr("genharness.files.ahead.LONG", long)
    monkeypatch.setattr(batches, "_BATCH_COUNT", 50)
    then = earlier("batches")
    then._BATCH_COUNT = 50
    names = [name for name in odd_pictures.names if name != "0700.png"]
    surveys = [module.survey(odd_pictures, names) for module in (batches, then)]
    assert surveys[0].depth == surveys[1].depth is not None
    assert (surveys[0].names, surveys[0].headers) == (surveys[1].names, surveys[1].headers)
    (ours, message), (theirs, expected) = (told(module, odd_pictures, surveys[0].white) for module in (batches, then))
    assert len(ours) == len(theirs) == 13
    assert message == expected
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        assert (one.changes, one.headers) == (other.changes, other.headers)
        assert (one.resized, one.cropped, one.converted) == (other.resized, other.cropped, other.converted)


def told(module, source, white):
    """Return the batches of all pictures, and what is said of those that are none."""
    found = []
    try:
        for batch in module.decode_batches(source, source.names, (3, 8, 8), white=white):
            found.append(batch)
    except DataError as error:
        return found, str(error)
    raise AssertionError("nothing was said of what is no picture")
