"""What is remembered of an operation is what torch gives to the same shapes, and nothing else is remembered."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from genharness.engine.costs.operations import FlopCounter
from genharness.engine.costs.shapes import ShapeMemory


def meta(*size, **named):
    return torch.empty(*size, device="meta", **named)


OPERATIONS = {
    "matrices": lambda: meta(3, 4) @ meta(4, 5),
    "half": lambda: meta(3, 4, dtype=torch.bfloat16) @ meta(4, 5, dtype=torch.bfloat16),
    "convolution": lambda: F.conv2d(meta(2, 3, 8, 8).to(memory_format=torch.channels_last), meta(5, 3, 3, 3), stride=2),
    "many outputs": lambda: torch.native_group_norm(meta(2, 8, 4, 4), meta(8), meta(8), 2, 8, 16, 4, 1e-5),
    "a list": lambda: torch.cat([meta(2, 3), meta(4, 3)]),
    "a comparison": lambda: meta(3) > 0.5,
    "mixed types": lambda: meta(3, dtype=torch.int64) + meta(2, 1),
    "an axis": lambda: meta(3, 4, 5).sum(dim=(0, 2), keepdim=True),
    "a view": lambda: meta(3, 4).t().reshape(2, 6)[:, 1:],
    "a view in place": lambda: meta(3, 4).t_().squeeze_(),
    "in place": lambda: meta(3, 4).mul_(2.0).add_(meta(4)),
    "a factory of floats": lambda: (torch.arange(0.0, 3.0, device="meta"), torch.arange(0.0, 7.0, device="meta")),
}


def shape(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [(one.size(), one.stride(), one.dtype, one.device) for one in parts]


@pytest.mark.parametrize("do", OPERATIONS.values(), ids=list(OPERATIONS))
def test_the_first_and_the_second_time_give_what_torch_gives(do):
    memory = ShapeMemory()
    for _ in range(3):
        with FlopCounter(memory):
            found = do()
        assert shape(found) == shape(do())


def test_shapes_types_and_whole_numbers_are_told_apart():
    memory = ShapeMemory()
    with FlopCounter(memory):
        for n in (1, 2, 3, True):
            assert meta(4, 4).sum(0).shape == (4,)
            assert meta(int(n), 4).softmax(0).shape == (int(n), 4)
            assert meta(4, 4).topk(int(n)).values.shape == (4, int(n))
            assert (meta(2, dtype=torch.int64) * n).dtype == torch.int64
        assert (meta(2, dtype=torch.int64) * 1.0).dtype == torch.float32


def test_what_changes_its_first_operand_gives_that_one_and_new_results_are_new():
    memory = ShapeMemory()
    for _ in range(2):
        x = meta(3)
        add, exp = torch.ops.aten.add_.Tensor, torch.ops.aten.exp.default
        assert memory(add, (x, x), {}) is x
        assert memory(exp, (x,), {}) is not memory(exp, (x,), {})


def test_values_are_computed_where_operands_are_elsewhere():
    with FlopCounter(ShapeMemory()):
        assert [float(torch.tensor(3.0).add_(one)) for one in (1, 2)] == [4, 5]
        assert [float(torch.tensor([3.0, 1.0]).sum() * one) for one in (1, 2)] == [4, 8]


def test_factors_in_a_list_tell_shapes_apart():
    memory, up = ShapeMemory(), torch.ops.aten.upsample_nearest2d.vec
    sides = [memory(up, (meta(1, 1, 8, 8), None, [factor, factor]), {}).shape[-1] for factor in (1.5, 2.0, 1.5)]
    assert sides == [12, 16, 12]


def test_a_wrong_shape_is_still_an_error():
    with FlopCounter(ShapeMemory()):
        for _ in range(2):
            with pytest.raises(RuntimeError):
                meta(3, 4) @ meta(3, 4)


def operations(run):
    """Count a step with a second derivative and an optimiser."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.SiLU(), nn.Flatten(), nn.Linear(288, 1)).to(
        "meta"
    )
    optimiser, totals = torch.optim.Adam(network.parameters()), []
    for _ in range(3):
        with FlopCounter(run) as counter:
            x = meta(4, 3, 8, 8).requires_grad_()
            (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
            slope.square().mean().backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
        totals.append(counter.total)
    return totals


def test_a_training_step_counts_as_without_a_memory_and_is_worked_out_once():
    memory = ShapeMemory()
    assert operations(memory) == operations(None)
    known = len(memory._known)
    operations(memory)
    assert len(memory._known) == known > 50
