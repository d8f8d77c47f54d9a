"""pixelcnn: exact probabilities of images, of any number of colours, and classes."""

import math

import pytest
import torch

from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness.kit.dequantise import GreyLevels
from genharness.spec.options import build_config
from genharness.spec.plugins import DataShape
from genharness_model_autoregressive import genharness_models
from genharness_model_autoregressive.merged import MergedLevels
from genharness_model_autoregressive.pixelcnn import PixelCNN

(SPEC,) = genharness_models()
TINY = {"width": 6, "layers": 2}


def shape(height=4, width=4, channels=1, levels=256, classes=3):
    return DataShape("image", (channels, height, width), classes=classes, train_count=100, levels=levels)


def build(data, **options):
    torch.manual_seed(0)
    return PixelCNN(data, build_config("pixelcnn", SPEC.config, {**TINY, **options}))


def images(data, n=5, seed=0):
    source = torch.Generator().manual_seed(seed)
    indices = torch.randint(0, data.levels, (n, *data.shape), generator=source)
    return indices * (2 / (data.levels - 1)) - 1


def loud(model):
    for layer in model.network.layers:
        torch.nn.init.normal_(layer.vertical_class.weight, 0, 2)
        torch.nn.init.normal_(layer.horizontal_class.weight, 0, 2)
    torch.nn.init.normal_(model.network.logits[-1].weight, 0, 5)
    return model


@pytest.mark.parametrize("data", [shape(3, 5), shape(3, 4, channels=3)], ids=str)
def test_the_grid_of_an_image_comes_back_with_its_colours_side_by_side(data):
    model, x = build(data), images(data)
    grid = model.grid(x)
    assert grid.shape == (5, data.height, data.width * data.channels)
    assert torch.allclose(model.images(grid), x, atol=1e-6)
    assert grid[0, 1, : data.channels].tolist() == [model.levels.indices(x[0, c, 1, 0]) for c in range(data.channels)]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_probabilities_of_all_images_sum_to_one(channels):
    data = shape(2, 2 if channels == 1 else 1, channels, levels=3)
    model = build(data).eval()
    values = data.height * data.width * channels
    grid = torch.cartesian_prod(*[torch.arange(3)] * values).view(-1, data.height, data.width * channels)
    with torch.no_grad():
        bits = model.bits_per_dim(model.images(grid)).double()
    assert float((2 ** (-bits * values)).sum()) == pytest.approx(1, abs=1e-5)


def test_probabilities_sum_to_one_where_levels_are_merged():
    data = shape(1, 2, levels=5)
    model = build(data, levels=2)
    assert model.network.codes == 2
    grid = torch.cartesian_prod(torch.arange(5), torch.arange(5)).view(-1, 1, 2)
    x = model.images(grid)
    model.training_step(Batch(data=x[:7], labels=None, step=0, progress=0.0))
    with torch.no_grad():
        bits = model.eval().bits_per_dim(x).double()
    assert float((2 ** (-bits * 2)).sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("levels", "count"), [(256, 8), (17, 8), (5, 2), (256, 255)])
def test_a_merged_level_is_drawn_as_the_levels_it_stands_for_by_their_shares(levels, count):
    merged = MergedLevels(GreyLevels(levels), count)
    values = torch.randint(0, levels, (200_000,), generator=torch.Generator().manual_seed(1)) ** 2 // levels
    merged.see(values)
    drawn = merged.draw(merged.merge(values), torch.Generator().manual_seed(0))
    assert torch.equal(merged.merge(drawn), merged.merge(values))
    shares = [part.bincount(minlength=levels) / len(values) for part in (values, drawn)]
    assert float((shares[0] - shares[1]).abs().max()) < 0.004
    nats = merged.nats(torch.arange(levels)).double()
    sums = torch.zeros(count, dtype=torch.float64).index_add_(0, merged.merge(torch.arange(levels)), (-nats).exp())
    torch.testing.assert_close(sums, torch.ones(count, dtype=torch.float64), rtol=1e-5, atol=1e-5)


def test_shares_of_levels_are_kept_with_the_model():
    data = shape(levels=16)
    model, other = build(data, levels=4), build(data, levels=4)
    model.training_step(Batch(data=images(data), labels=None, step=0, progress=0.0))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.merged.counts, model.merged.counts)
    assert float(model.merged.counts.sum()) == 16 + 5 * 16


def test_as_many_levels_as_the_data_has_are_not_merged():
    assert build(shape(levels=3), levels=8).merged is None


def test_no_value_depends_on_later_ones_or_itself():
    """Changing a value changes no logits of it or of those before."""
    data = shape(3, 2, channels=3, levels=4)
    model = build(data, layers=3).eval()
    x = images(data, n=1)
    with torch.no_grad():
        before = model.network(model.grid(x)).flatten(2)
        for place in range(18):
            changed = model.grid(x).flatten(1).clone()
            changed[0, place] = (changed[0, place] + 1) % 4
            after = model.network(changed.view(1, 3, 6)).flatten(2)
            assert torch.equal(after[..., : place + 1], before[..., : place + 1])


def test_samples_come_as_often_as_their_probability_says():
    data = shape(1, 2, levels=3)
    model = build(data, layers=1).eval()
    with torch.no_grad():
        for weight in model.network.parameters():
            weight.mul_(3)
        drawn = model.grid(model.sample(20_000, labels=None, generator=torch.Generator().manual_seed(0))).flatten(1)
        every = torch.cartesian_prod(torch.arange(3), torch.arange(3))
        expected = 2 ** (-2 * model.bits_per_dim(model.images(every[:, None])))
    found = torch.stack([(drawn == pair).all(1).float().mean() for pair in every])
    assert torch.allclose(found, expected, atol=0.01)
    assert float(expected.max() / expected.min()) > 1.5


def test_the_bits_of_a_network_that_knows_nothing_are_those_of_its_levels():
    for levels in (17, 256):
        data = shape(levels=levels)
        model = build(data)
        for weight in model.network.logits[-1].parameters():
            torch.nn.init.zeros_(weight)
        assert torch.allclose(model.bits_per_dim(images(data)), torch.tensor(math.log2(levels)), atol=1e-5)


def test_samples_are_images_of_the_levels_of_the_data():
    data = shape(channels=3, levels=17)
    samples = build(data).eval().sample(7, labels=None, generator=torch.Generator().manual_seed(0))
    assert samples.shape == (7, 3, 4, 4)
    steps = (samples + 1) * 8
    assert torch.allclose(steps, steps.round(), atol=1e-5)


def test_a_step_learns_bits_per_dimension_and_the_rate_falls_at_the_end():
    data = shape()
    model = build(data, lr=1e-2, decay=0.4)
    x = images(data)
    loss = model.training_step(Batch(x, None, 0, 0.9))["loss"]
    assert model.optimiser.param_groups[0]["lr"] == pytest.approx(1e-2 * 0.25)
    assert float(loss) == pytest.approx(8, abs=0.5)
    for step in range(60):
        later = model.training_step(Batch(x, None, step, 0.1))["loss"]
    assert float(later) < float(loss) - 1


def test_classes_change_what_is_drawn_and_a_share_of_labels_is_withheld():
    data = shape(levels=17)
    model = loud(build(data, conditional=True, label_dropout=0.3)).eval()
    drawn = [
        model.sample(6, labels=labels, generator=torch.Generator().manual_seed(0))
        for labels in (torch.zeros(6).long(), torch.ones(6).long(), None)
    ]
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    told = []
    model.network.register_forward_pre_hook(lambda module, given: told.append(given[1]))
    model.training_step(Batch(images(data).repeat(400, 1, 1, 1), torch.randint(3, (400 * len(images(data)),)), 0, 0.0))
    assert float((told[0] == 3).float().mean()) == pytest.approx(0.3, abs=0.06)


def test_a_low_temperature_draws_the_likeliest_values():
    data = shape(levels=5)
    model = build(data, temperature=1e-3).eval()
    drawn = [model.sample(3, labels=None, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    assert torch.equal(*drawn)


@pytest.mark.parametrize("classes", [0, 1])
def test_classes_are_refused_where_there_are_not_two(classes):
    with pytest.raises(ConfigError, match="at least two classes"):
        build(shape(classes=classes), conditional=True)
