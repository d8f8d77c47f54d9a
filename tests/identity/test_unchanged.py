"""Modules that count as they were before: the text of then is kept here, and both give the same bits."""

import importlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genharness import NoOptions
from genharness.engine import loop, manners, sampler
from genharness.engine.average import WeightAverage
from genharness.engine.costs.clock import Clock
from genharness.engine.feed import Feeder
from genharness.errors import DataError
from genharness.functional import clusters
from genharness.functional.copying import near_copies
from genharness.identity.closure import Reach, code_of
from genharness.identity.reading import meaning_of
from genharness.identity.unchanged import COUNTS_AS, counted_digest
from genharness.images import batches
from genharness.images.sources import open_source
from genharness.kit import Extracted, Extractor, ExtractorContext, GenerativeModel
from genharness.measure import evaluation
from genharness.measure.feature_cache import FeatureCache
from genharness.spec.length import parse_length
from genharness.spec.plugins import DataShape
from genharness.spec.protocol import Protocol
from genharness.testing.synthetic import synthetic_data
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


class Trained(GenerativeModel):
    """Learns a mean, with two losses in one order, and fills new memory with each draw."""

    def __init__(self):
        torch.manual_seed(3)
        super().__init__(synthetic_data().shape, None)
        self.mean = torch.nn.Parameter(torch.zeros(self.data.shape))
        self.optimiser = torch.optim.Adam(self.parameters())

    def training_step(self, batch):
        loss = (batch.data - self.mean).square().mean() + 0.1 * torch.rand(())
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.detach(), "size": self.mean.detach().norm()}

    def sample(self, n, *, labels, generator):
        return (self.mean + torch.randn(n, *self.data.shape, generator=generator)).clamp(-1, 1)


def trained_by(module):
    """Return the curves, weights and random state that a module's loop leaves."""
    model = Trained()
    trainer = module.Trainer(
        model=model,
        feeder=Feeder(synthetic_data(), 16, seed=0, device=torch.device("cpu")),
        average=WeightAverage(model, None),
        length=parse_length("70steps"),
        precision="fp32",
        clock=Clock(torch.device("cpu")),
        score_steps=9,
    )
    quiet = {"on_progress": lambda progress: None, "on_pause": lambda: None, "on_score": lambda: None}
    trainer.train(**quiet, should_stop=lambda: False, checkpoint_seconds=1e9)
    return trainer.history.losses, model.mean.detach(), torch.get_rng_state(), trainer.step


def test_training_is_the_same():
    (curves, mean, state, steps), (curves_then, mean_then, state_then, steps_then) = map(
        trained_by, (loop, earlier("loop"))
    )
    assert (curves, steps) == (curves_then, steps_then)
    assert list(curves) == ["step", "loss", "size"]
    assert torch.equal(mean, mean_then)
    assert torch.equal(state, state_then)


def test_what_is_shared_is_looked_at_and_set_back_as_before():
    then = earlier("manners")
    for module in (manners, then):
        torch.rand(3)
        before, state = torch.get_rng_state(), module.SharedState.now()
        state.refuse_change("a model")
        state.restore()
        assert torch.equal(torch.get_rng_state(), before)
    now = vars(manners.SharedState.now())
    assert {name: now[name] for name in vars(then.SharedState.now())} == vars(then.SharedState.now())
    state = {"adam": torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))]).state_dict()}
    manners.refuse_unsaveable(state, "x")
    then.refuse_unsaveable(state, "x")


@pytest.mark.parametrize("shape", [DataShape("image", (3, 6, 5)), DataShape("tabular", (4,))], ids=["images", "rows"])
def test_drawn_samples_are_the_same(shape):
    class Draws:
        data, device = shape, torch.device("cpu")

        def sample(self, n, *, labels, generator):
            shift = 0 if labels is None else labels.reshape(-1, *[1] * len(shape.shape)) / 100
            return (torch.randn(n, *shape.shape, generator=generator) / 2 + shift).clamp(-1, 1).double()

    then = earlier("sampler")
    labels = np.arange(607) % 10
    for given in (None, labels):
        one, other = (
            module.Sampler(Draws(), "x", "fp32").draw(607, seed=4, labels=given) for module in (sampler, then)
        )
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        sampler.draw_labels(50, sampler.class_shares(labels, 10), 3),
        then.draw_labels(50, then.class_shares(labels, 10), 3),
    )


def test_an_evaluation_gives_the_same(tmp_path):
    random = np.random.default_rng(8)
    rows = {which: random.normal(size=(60, 5)).astype(np.float32) for which in ("real", "fake", "train", "test")}
    labels = np.arange(60) % 3

    class Rows(Extractor):
        identity = "rows"

        def extract(self, samples):
            return Extracted(samples * 2, samples[:, :3])

    def given(module, place):
        cache = FeatureCache(tmp_path / place)
        context = ExtractorContext(device=torch.device("cpu"))
        sets = {which: module.SampleData(some.copy(), labels, {"set": which}, cache) for which, some in rows.items()}
        made = module.SampleEvaluation(
            sets,
            Protocol(extractor="rows", sample_count=60),
            lambda name: Rows(context, NoOptions()),
            classifier="rows",
            views={"latents": lambda: rows["real"][:, :2].copy()},
        )
        made.state("compared", 7)
        made.show("pairs", np.arange(32, dtype=np.uint8).reshape(2, 1, 4, 4), 2)
        found = [made.of_model("latents"), made.posteriors("fake"), made.facts(), made.pictures["pairs"][0]]
        for which in rows:
            statistics, extracted = made.statistics(which), made.extracted(which)
            found += [made.samples(which), made.labels(which), extracted.features, extracted.logits]
            found += [statistics.mean, statistics.covariance, made.recognised(which)]
            found.append(made.derived("sum", (which,), lambda which=which: {"sum": made.features(which).sum(0)})["sum"])
        return found, made.extractor_key("rows")

    for _ in range(2):  # computed, and read from the cache
        (ours, key), (theirs, key_then) = given(evaluation, "now"), given(earlier("evaluation"), "then")
        assert key == key_then
        assert len(ours) == len(theirs) == 36
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)
            assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
