"""The dataset's own classifier: trained once, good at its job, the same however samples are batched."""

import numpy as np
import pytest
import torch

from genharness import ConfigError, DataError, DataShape
from genharness.data import ensure_prepared, parse_reference
from genharness.files.home import home
from genharness.kit import ExtractorContext
from genharness.plugin.registry import load_registry
from genharness_features_classifier import ClassifierConfig
from genharness_features_classifier.extractor import ClassifierExtractor
from genharness_features_classifier.network import Classifier

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def own_home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENHARNESS_HOME", str(tmp_path_factory.mktemp("home")))
        yield


def prepared(name):
    reference = parse_reference(name)
    return ensure_prepared(load_registry().datasets.find(reference.name), reference)


def built(data, report=lambda line: None, **options):
    return ClassifierExtractor(ExtractorContext(device=CPU, data=data, report=report), ClassifierConfig(**options))


@pytest.fixture(scope="module")
def digits(own_home):
    return prepared("digits")


@pytest.fixture(scope="module")
def extractor(digits):
    return built(digits)


def test_it_reads_held_out_digits(extractor):
    assert extractor.facts()["classifier_accuracy"] >= 0.98


def test_it_tells_tumours_apart(own_home):
    assert built(prepared("breast-cancer")).facts()["classifier_accuracy"] >= 0.93


def test_weights_and_features_do_not_depend_on_the_callers_precision(digits, monkeypatch, tmp_path):
    plain = built(digits, steps=10)
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path))
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            other = built(digits, steps=10)
            features = other.extract(digits.samples("test")[:50])
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    expected = plain.extract(digits.samples("test")[:50])
    assert other.identity == plain.identity
    assert np.array_equal(features.features, expected.features)
    assert np.array_equal(features.logits, expected.logits)


def test_it_is_trained_once(digits):
    lines = []
    first, again = (built(digits, lines.append, steps=10) for _ in range(2))
    assert again.identity == first.identity
    assert sum("training" in line for line in lines) == 1


def test_a_damaged_file_is_trained_again_to_the_same_weights(digits):
    lines = []
    first = built(digits, lines.append, steps=10)
    (kept,) = _kept()
    kept.write_bytes(kept.read_bytes()[:-100])
    assert built(digits, lines.append, steps=10).identity == first.identity
    assert sum("training" in line for line in lines) == 2


def test_a_changed_byte_is_seen(digits):
    first = built(digits, steps=10)
    kept = max(_kept(), key=lambda path: path.stat().st_mtime)
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 0xFF
    kept.write_bytes(content)
    assert built(digits, steps=10).identity == first.identity


def test_where_nothing_can_be_kept_it_is_trained_and_used(digits, monkeypatch):
    expected = built(digits, steps=10).identity
    for path in _kept():
        path.unlink()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genharness_features_classifier.extractor.write_bytes", refuse)
    assert built(digits, steps=10).identity == expected
    assert _kept() == []


def test_a_kept_one_needs_no_writable_folder(digits, monkeypatch):
    lines = []
    first = built(digits, lines.append, steps=10)

    def refuse(*_):
        raise AssertionError("nothing is to be locked")

    monkeypatch.setattr("genharness.files.turns.entry_turn", refuse)
    assert built(digits, lines.append, steps=10).identity == first.identity


def _kept():
    return list((home() / "classifiers").glob("*.pt"))


def test_other_options_are_another_extractor(digits, extractor):
    assert built(digits, steps=10).identity != extractor.identity


def test_threads_of_the_caller_change_no_weights(digits):
    before = torch.get_num_threads()
    identities = set()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for path in _kept():
                path.unlink()
            identities.add(built(digits, steps=10).identity)
    finally:
        torch.set_num_threads(before)
    assert len(identities) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_features_do_not_depend_on_batches(digits, extractor, threads):
    samples = np.array(digits.samples("test"))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        whole = extractor.extract(samples)
    finally:
        torch.set_num_threads(before)
    parts = [extractor.extract(samples[start : start + 77]) for start in range(0, len(samples), 77)]
    np.testing.assert_allclose(np.concatenate([part.features for part in parts]), whole.features, rtol=1e-4, atol=1e-5)
    assert whole.features.shape == (539, 64)
    assert whole.logits.shape == (539, 10)


def test_samples_of_another_shape_are_refused(extractor):
    with pytest.raises(DataError, match=r"samples are \(1, 28, 28\), and the classifier of digits reads \(1, 8, 8\)"):
        extractor.extract(np.zeros((2, 1, 28, 28), np.uint8))


def test_it_needs_a_dataset():
    with pytest.raises(ConfigError, match="name one with --dataset"):
        built(None)


@pytest.mark.parametrize("side", [4, 8, 28, 64, 100])
def test_images_of_any_size_come_down_to_four_pixels_or_a_little_less(side):
    network = Classifier(DataShape("image", (1, side, side), 3), 16, 64)
    assert 2 * 32 <= network.embed[0].in_features <= 32 * 16


def test_colour_images_get_twice_the_channels():
    grey, colour = (Classifier(DataShape("image", (channels, 32, 32), 3), 16, 64) for channels in (1, 3))
    assert colour.embed[0].in_features == 2 * grey.embed[0].in_features


@pytest.mark.slow
def test_it_reads_mnist(own_home, shared_data):
    data = ensure_prepared(load_registry().datasets.find("mnist"), "mnist", source=shared_data / "mnist")
    assert built(data).facts()["classifier_accuracy"] >= 0.985


def test_other_code_trains_another_classifier(digits):
    lines = []
    for code in ("one", "two", "one"):
        context = ExtractorContext(device=CPU, data=digits, report=lines.append, code=code)
        ClassifierExtractor(context, ClassifierConfig(steps=10))
    assert sum("training" in line for line in lines) == 2
