"""A gated PixelCNN: no value sees itself or what comes after, and drawing uses the network's own conditionals."""

import itertools

import pytest
import torch

from genharness.kit.pixelcnn import GatedPixelCNN


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_logits_depend_on_earlier_codes_only(layers):
    torch.manual_seed(0)
    network = GatedPixelCNN(5, 24, layers).eval()
    indices = torch.randint(0, 5, (1, 4, 5))
    with torch.no_grad():
        before = network(indices).flatten(2)
        for place in range(20):
            changed = indices.flatten(1).clone()
            changed[0, place] = (changed[0, place] + 1) % 5
            after = network(changed.view(1, 4, 5)).flatten(2)
            assert torch.equal(after[..., : place + 1], before[..., : place + 1])
            if place % 5 < 4:
                assert not torch.equal(after[..., place + 1], before[..., place + 1])


def test_the_receptive_field_has_no_blind_spot():
    """With enough layers the last position sees every earlier one, also above and to its right."""
    torch.manual_seed(0)
    network = GatedPixelCNN(5, 24, 5).eval()
    kept = []
    network.embedding.register_forward_hook(lambda _, __, out: kept.append(out) or out.retain_grad())
    network(torch.randint(0, 5, (1, 6, 6)))[0, :, 5, 2].sum().backward()
    seen = kept[0].grad.abs().sum(3)[0] > 0
    assert seen[:5].all()
    assert seen[5].tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize(("colours", "classes"), [(1, 0), (3, 0), (1, 4)])
@pytest.mark.parametrize(("height", "columns", "layers"), [(3, 6, 3), (7, 3, 1), (9, 6, 2)])
def test_drawing_position_by_position_uses_the_networks_own_conditionals(height, columns, layers, colours, classes):
    """Drawing with the whole network at every position gives the same values from the same random numbers."""
    torch.manual_seed(0)
    network = GatedPixelCNN(7, 6, layers, classes=classes, colours=colours).eval()
    labels = torch.tensor([0, 1, 2, 4]) if classes else None
    for layer in network.layers if classes else ():
        torch.nn.init.normal_(layer.horizontal_class.weight)
        torch.nn.init.normal_(layer.vertical_class.weight)
    with torch.no_grad():
        fast = network.sample(4, height, columns, torch.Generator().manual_seed(3), labels=labels, temperature=0.7)
        source, slow = torch.Generator().manual_seed(3), torch.zeros(4, height, columns, dtype=torch.int64)
        for i in range(height):
            for j in range(columns):
                chances = (network(slow, labels)[:, :, i, j] / 0.7).softmax(1)
                slow[:, i, j] = torch.multinomial(chances, 1, generator=source)[:, 0]
    assert torch.equal(fast, slow)


def test_a_network_with_classes_tells_them_apart_and_can_do_without():
    torch.manual_seed(0)
    network = GatedPixelCNN(5, 8, 2, classes=3)
    grid = torch.randint(0, 5, (1, 4, 4)).expand(3, 4, 4)
    with torch.no_grad():
        told, untold = network(grid, torch.tensor([0, 1, 2])), network(grid)
        assert torch.equal(network(grid, torch.full((3,), 3)), untold)
    every = [*told, untold[0]]
    assert not any(torch.allclose(a, b, atol=1e-3) for a, b in itertools.combinations(every, 2))


def test_colours_are_told_apart():
    torch.manual_seed(0)
    network = GatedPixelCNN(5, 8, 1, colours=3).eval()
    assert network.embedding.num_embeddings == 15
    same = torch.full((1, 2, 6), 2)
    embedded = network._embed(same)[0, :, 0]
    assert not torch.allclose(embedded[:, 0], embedded[:, 1])
    assert torch.equal(embedded[:, 0], embedded[:, 3])


def test_the_prior_learns_a_deterministic_grid():
    torch.manual_seed(0)
    network = GatedPixelCNN(4, 16, 2)
    grid = (torch.arange(4)[:, None] + torch.arange(4)) % 4
    data = grid.expand(16, 4, 4)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(80):
        loss = torch.nn.functional.cross_entropy(network(data), data)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        drawn = network.eval().sample(20, 4, 4, torch.Generator().manual_seed(0))
    assert (drawn == grid).float().mean() > 0.95
