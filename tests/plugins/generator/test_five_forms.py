"""Models made elsewhere: all five forms of one network beside each other."""

import warnings

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from genharness import DataError, RunError
from genharness.engine.costs.footprint import parameters
from genharness.engine.costs.latency import sampling_speed
from genharness.engine.costs.operations import sampling_operations
from genharness.engine.sampler import Sampler
from genharness.functional.frechet import frechet_distance
from made_elsewhere import built, drawn, save_script


def denoiser():
    """Return a network whose call on noise is what a pipeline of one denoising step draws."""
    diffusers = pytest.importorskip("diffusers", reason="the extra diffusers is missing")

    class OneStep(nn.Module):
        def __init__(self):
            super().__init__()
            self.unet = diffusers.UNet2DModel(
                sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(8,),
                down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",), norm_num_groups=4,
            )  # fmt: skip

        def forward(self, z):
            return self.unet(z, 0, return_dict=False)[0].clamp(-1, 1)

    torch.manual_seed(0)
    return OneStep().eval()


FIVE = """
import torch
from diffusers import UNet2DModel

class OneStep(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.unet = UNet2DModel(
            sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(8,),
            down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",), norm_num_groups=4,
        )

    def forward(self, z):
        return self.unet(z, 0, return_dict=False)[0].clamp(-1, 1)
"""


def written_in_five_forms(folder):
    """Write one network in every form, and return what follows `generator:` by form."""
    pytest.importorskip("onnxruntime", reason="the extra onnx is missing")
    pytest.importorskip("onnxscript", reason="torch exports ONNX by it")
    import diffusers

    network, z, n = denoiser(), torch.randn(3, 1, 8, 8), torch.export.Dim("n", min=1, max=1000)
    save_script(lambda: torch.jit.trace(network, z), folder / "m.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(network, (z,), dynamic_shapes=({0: n},)), folder / "m.pt2")
        torch.onnx.export(
            network, (z,), folder / "m.onnx", dynamic_shapes=({0: n},), external_data=False, verbose=False
        )
    scheduler = diffusers.DDPMScheduler(prediction_type="sample", clip_sample=True)
    diffusers.DDPMPipeline(network.unet, scheduler).save_pretrained(folder / "pipe")
    (folder / "net.py").write_text(FIVE)
    torch.save(network.state_dict(), folder / "w.pth")
    return {"m.pt": "m.pt", "m.pt2": "m.pt2", "m.onnx": "m.onnx", "pipe": "pipe", "net.py": "net.py:OneStep"}


@pytest.mark.slow
def test_five_forms_of_one_network_score_alike_and_cost_what_they_must(tmp_path):
    real = load_digits().data / 8 - 1
    found = {}
    for form, what in written_in_five_forms(tmp_path).items():
        more = {"pipe": {"steps": "1"}, "net.py": {"checkpoint": str(tmp_path / "w.pth")}}.get(form, {})
        model = built(source=str(tmp_path / what), **{"latent": "1,8,8", **more})
        distance = frechet_distance(real, drawn(model, 300).reshape(300, -1).double().numpy())
        speed, _ = sampling_speed(Sampler(model, form, "fp32"), None, 8)
        found[form] = distance, {**sampling_operations(model, None), **parameters(model), **speed}
    exact, costs = found["net.py"]
    for form, (distance, own) in found.items():
        assert distance == pytest.approx(exact, rel=1e-4), form
        # The exporter to ONNX folds some constants into others.
        assert own["parameters"] == pytest.approx(costs["parameters"], rel=0.02), form
        assert own["function_evaluations"] == 1, form
        assert 0 < own["latency_p50_ms"] < 10_000, form
        if form != "m.onnx":
            assert own["sample_flops"] == pytest.approx(costs["sample_flops"], rel=0.01), form


@pytest.mark.slow
def test_onnx_in_eight_bits_is_near(tmp_path, forms, tiny):
    pytest.importorskip("onnxruntime", reason="the extra onnx is missing")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        n = torch.export.Dim("n", min=1, max=1000)
        torch.onnx.export(tiny, (torch.ones(3, 4),), tmp_path / "m.onnx", dynamic_shapes=({0: n},), verbose=False)
    with pytest.raises(DataError, match=r"keeps weights in m\.onnx\.data: name a folder"):
        built(source=str(tmp_path / "m.onnx"))
    exact = drawn(built(**forms["tiny.py"]))
    torch.testing.assert_close(drawn(built(source=str(tmp_path))), exact)
    model = built(source=str(tmp_path), quantize="int8")
    assert 0 < float((drawn(model) - exact).abs().max()) < 0.2
    with torch.autocast("cpu", dtype=torch.bfloat16), pytest.raises(RunError, match="leave out --precision bf16"):
        drawn(model)
