"""Models made elsewhere: what they give, what is refused of them, and that nothing of a hostile file runs."""

import io
import json
import os
import pickle
import warnings
import zipfile

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from genharness import ConfigError, DataError, DataShape, GenharnessError, RunError
from genharness.engine.costs.footprint import parameters
from genharness.engine.costs.latency import sampling_speed
from genharness.engine.costs.operations import sampling_operations
from genharness.engine.sampler import Sampler
from genharness.functional.frechet import frechet_distance
from genharness.identity.contents import inputs_of
from genharness.kit.generators import seeded_generator
from genharness.spec.options import as_options, build_config
from genharness_model_generator.archive_checks import checked_archive
from genharness_model_generator.configs import GeneratorConfig
from genharness_model_generator.generator import Generator

DIGITS = DataShape("image", (1, 8, 8), classes=10, train_count=100)
SOURCE = """
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 64)

    def forward(self, z):
        return torch.tanh(self.linear(z)).reshape(-1, 1, 8, 8)

def make():
    return Tiny()

def nothing():
    return 3
"""


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 64)

    def forward(self, z):
        return torch.tanh(self.linear(z)).reshape(-1, 1, 8, 8)


class Gives(nn.Module):
    """Gives what a function makes of the latents."""

    def __init__(self, function):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.function = function

    def forward(self, z):
        return self.function(z * self.weight)


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return Tiny().eval()


@pytest.fixture(scope="module")
def forms(tiny, tmp_path_factory):
    """The same network in every form but diffusers', with the options that each needs."""
    folder = tmp_path_factory.mktemp("forms")
    z, any_number = torch.randn(3, 4), {0: torch.export.Dim("n", min=1, max=4096)}
    save_script(lambda: torch.jit.trace(tiny, z), folder / "tiny.pt")
    torch.export.save(torch.export.export(tiny, (z,), dynamic_shapes=(any_number,)), folder / "tiny.pt2")
    torch.export.save(torch.export.export(tiny, (z,)), folder / "three.pt2")
    (folder / "tiny.py").write_text(SOURCE)
    torch.save(tiny.state_dict(), folder / "weights.pth")
    found = {name: {"source": str(folder / name)} for name in ("tiny.pt", "tiny.pt2", "three.pt2")}
    found["tiny.py"] = {"source": f"{folder / 'tiny.py'}:make", "checkpoint": str(folder / "weights.pth")}
    return found


def save_script(make, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer torch would have everybody export
        torch.jit.save(make(), path)


@pytest.fixture
def scripted(tmp_path):
    """Return the options of a generator that gives what a function makes of latents."""

    def make(function):
        save_script(lambda: torch.jit.trace(Gives(function), torch.ones(3, 4)), tmp_path / "some.pt")
        return {"source": str(tmp_path / "some.pt")}

    return make


def built(data=DIGITS, **options):
    with torch.device("cpu"):
        return Generator(data, build_config("generator", GeneratorConfig, {"latent": "4", **options})).eval()


def drawn(model, n=10, labels=None):
    with torch.no_grad():
        return model.sample(n, labels=labels, generator=seeded_generator(torch.device("cpu"), 3))


@pytest.mark.parametrize("form", ["tiny.pt", "tiny.pt2", "three.pt2", "tiny.py"])
def test_every_form_gives_the_network_s_samples_and_costs(form, forms, tiny):
    model = built(**forms[form])
    z = torch.randn(10, 4, generator=seeded_generator(torch.device("cpu"), 3))
    torch.testing.assert_close(drawn(model), tiny(z).detach())
    assert parameters(model) == {"parameters": 320.0, "generator_parameters": 320.0}
    costs = sampling_operations(model, None)
    asked = 3 if form == "three.pt2" else 1  # an export of three does the work of three
    assert costs == {"sample_flops": asked * 2 * 4 * 64, "function_evaluations": 1.0}


def test_eight_bits_are_near_and_not_counted(forms, tiny):
    model = built(**forms["tiny.py"], quantize="int8")
    exact = drawn(built(**forms["tiny.py"]))
    assert 0 < float((drawn(model) - exact).abs().max()) < 0.1
    assert parameters(model)["parameters"] == 320
    assert sampling_operations(model, None) == {"function_evaluations": 1.0}
    with pytest.raises(ConfigError, match="quantise others before the export"):
        built(**forms["tiny.pt"], quantize="int8")


@pytest.mark.parametrize("form", ["tiny.pt", "tiny.pt2", "tiny.py"])
def test_bf16_reaches_torch_s_forms(form, forms):
    model, exact = built(**forms[form]), drawn(built(**forms[form]))
    with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=False):
        assert 0 < float((drawn(model) - exact).abs().max()) < 0.1


def test_what_a_source_holds_tells_cells_apart_not_where_it_lies(forms, tmp_path):
    config = build_config("generator", GeneratorConfig, forms["tiny.py"])
    options = {**as_options(config), "checkpoint": config.checkpoint}
    before = inputs_of(options)
    assert before.keys() == {"source", "checkpoint"}
    (tmp_path / "moved.py").write_text(SOURCE)
    assert inputs_of({"source": f"{tmp_path / 'moved.py'}:make"})["source"] == before["source"]
    (tmp_path / "moved.py").write_text(SOURCE + "\n")
    assert inputs_of({"source": f"{tmp_path / 'moved.py'}:make"})["source"] != before["source"]


# --- What generators give.


def flat(z):
    return torch.sin(z[:, :1] * torch.arange(64.0))


@pytest.mark.parametrize(
    ("function", "want"),
    [
        (lambda z: flat(z).reshape(-1, 1, 8, 8), 1),
        (lambda z: flat(z).reshape(-1, 8, 8, 1), 1),
        (lambda z: flat(z).reshape(-1, 8, 8), 1),
        (flat, 1),
        (lambda z: (flat(z),), 1),
        (lambda z: (flat(z) + 1) / 2, 1),
        (lambda z: (flat(z) + 1) * 127.5, 1),
    ],
    ids=["chw", "hwc", "hw", "flat", "tuple", "unit", "bytes"],
)
def test_outputs_are_brought_to_the_data_s_form(function, want, scripted):
    z = torch.randn(10, 4, generator=seeded_generator(torch.device("cpu"), 3))
    got = drawn(built(**scripted(function)))
    torch.testing.assert_close(got, flat(z).reshape(-1, 1, 8, 8), atol=2e-5, rtol=0)


def test_integers_are_bytes_and_channels_move_to_the_front(scripted):
    data = DataShape("image", (3, 8, 8), train_count=10)
    got = drawn(
        built(data, **scripted(lambda z: (z[:, :1].abs() * 60).to(torch.uint8)[:, None, None].expand(-1, 8, 8, 3)))
    )
    z = torch.randn(10, 4, generator=seeded_generator(torch.device("cpu"), 3))
    want = (z[:, 0].abs() * 60).to(torch.uint8).float() / 127.5 - 1
    torch.testing.assert_close(got, want[:, None, None, None].expand(-1, 3, 8, 8))


def test_uniform_latents_are_uniform(scripted):
    data = DataShape("tabular", (4,), train_count=10)
    got = drawn(built(data, **scripted(lambda z: z + 0), distribution="uniform"), 5000)
    assert float(got.abs().max()) <= 1
    assert float(got.var()) == pytest.approx(1 / 3, rel=0.05)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda z: flat(z).reshape(-1, 1, 8, 8) * 1.7, r"no range of images: say which with --set generator\.range"),
        (lambda z: flat(z) * float("nan"), "NaN or infinite values: check its weights"),
        (lambda z: flat(z).reshape(-1, 1, 4, 16), "gives 1x4x16 a sample, and the data has 1x8x8"),
        (lambda z: torch.cat([flat(z)] * 4, 1).reshape(-1, 1, 16, 16), "the dataset at that size, such as NAME@16"),
        (lambda z: torch.cat([flat(z)] * 3, 1).reshape(-1, 3, 8, 8), "compare with a dataset of 3 channels"),
        (lambda z: (flat(z), z), "gives 2 things: it must give one tensor"),
        (lambda z: flat(z)[:2], r"gave 2 samples for 64 latents: set generator\.batch"),
        (lambda z: flat(z) @ torch.ones(3, 3), "some.pt fails on latents of 4: .*check --latent"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line_that_says_what_to_do(function, message, scripted):
    if "fails on" in message:
        options = {**scripted(lambda z: z @ torch.ones(4, 64)), "latent": "4"}
        with pytest.raises(RunError, match=message.replace("of 4", "of 5")) as caught:
            built(**{**options, "latent": "5"})
    else:
        with pytest.raises(RunError, match=message) as caught:
            built(**scripted(function))
    assert "\n" not in str(caught.value)


def test_a_range_that_is_said_cuts_and_one_that_was_seen_does_not(scripted):
    options = scripted(lambda z: (z[:, :1].clamp(-6, 6) * torch.ones(64)) / 3)
    assert float(drawn(built(**options, range="symmetric"), 5000).abs().max()) == 1
    with pytest.raises(RunError, match=r"after others in \[-1, 1\]: say which"):
        drawn(built(**options), 5000)


def test_classes_are_given_where_they_are_asked_for(tmp_path):
    class Classes(nn.Module):
        def forward(self, z, y):
            return (y.float() / 10)[:, None] + 0 * flat(z)

    labels, any_number = torch.arange(10), {0: torch.export.Dim("n", min=1, max=4096)}
    inputs = (torch.ones(3, 4), torch.ones(3, dtype=torch.int64))
    program = torch.export.export(Classes(), inputs, dynamic_shapes=(any_number, any_number))
    torch.export.save(program, tmp_path / "classes.pt2")
    model = built(source=str(tmp_path / "classes.pt2"), conditional="true", range="unit")
    torch.testing.assert_close((drawn(model, labels=labels)[:, 0, 0, 0] + 1) / 2, labels / 10)
    with pytest.raises(RunError, match=r"check --latent, generator\.conditional"):
        built(source=str(tmp_path / "classes.pt2"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "nowhere.pt"}, "does not exist: name a .pt"),
        ({"source": "{tiny.py}"}, r"needs the function that makes the model, such as tiny\.py:make"),
        ({"source": "{tiny.py}:none"}, "has no function 'none'"),
        ({"source": "{tiny.py}:nothing"}, "returned int: it must return a torch.nn.Module"),
        ({"source": "{tiny.pt}", "checkpoint": "{tiny.pt}"}, r"generator\.checkpoint is for FILE\.py:FACTORY"),
        ({"source": ""}, "generator needs what it is of"),
    ],
)
def test_sources_that_cannot_be_are_refused(options, message, forms):
    places = {f"{{{name}}}": form["source"].removesuffix(":make") for name, form in forms.items()}
    filled = {key: _filled(value, places) for key, value in options.items()}
    with pytest.raises(ConfigError, match=message):
        built(**filled)


def _filled(text, places):
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def test_other_weights_are_refused(forms, tmp_path):
    torch.save({"other": torch.ones(2)}, tmp_path / "w.pth")
    with pytest.raises(ConfigError, match=r"holds other weights than tiny\.py:make has"):
        built(source=forms["tiny.py"]["source"], checkpoint=str(tmp_path / "w.pth"))
    torch.save([1, 2], tmp_path / "w.pth")
    with pytest.raises(DataError, match="is no state dict"):
        built(source=forms["tiny.py"]["source"], checkpoint=str(tmp_path / "w.pth"))


def test_weights_come_from_safetensors(forms, tiny, tmp_path):
    save_file = pytest.importorskip("safetensors.torch", reason="the extra diffusers is missing").save_file
    save_file(tiny.state_dict(), tmp_path / "w.safetensors")
    torch.testing.assert_close(
        drawn(built(source=forms["tiny.py"]["source"], checkpoint=str(tmp_path / "w.safetensors"))),
        drawn(built(**forms["tiny.py"])),
    )


# --- Nothing is unpickled.


class Hostile:
    """Creates the file `ran` in a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder / "ran"),)


def hostile(kind, folder):
    """Return a pickle that would run something: bare, or as torch.save writes it, now and before 1.6."""
    if kind == "pickle":
        return pickle.dumps(Hostile(folder))
    buffer = io.BytesIO()
    torch.save(Hostile(folder), buffer, _use_new_zipfile_serialization=kind == "zip")
    return buffer.getvalue()


def refused(folder, **options):
    """Build a generator that has to be refused, and check that nothing ran."""
    with pytest.raises(GenharnessError) as caught:
        built(**options)
    assert "\n" not in str(caught.value)
    assert not (folder / "ran").exists()
    return str(caught.value)


@pytest.mark.parametrize("kind", ["pickle", "zip", "legacy"])
@pytest.mark.parametrize("place", ["m.pt", "m.pt2", "m.onnx", "w.pth", "w.safetensors"])
def test_a_hostile_pickle_in_any_place_runs_nothing(kind, place, forms, tmp_path):
    (tmp_path / place).write_bytes(hostile(kind, tmp_path))
    options = {"checkpoint": str(tmp_path / place), "source": forms["tiny.py"]["source"]}
    refused(tmp_path, **(options if place.startswith("w") else {"source": str(tmp_path / place)}))


GRAPH = ("models/model.json", "serialized_exported_program.json")
"""Where torch.export.save puts the graph, now and before 2.8."""


def replaced(source, target, **members):
    """Copy an archive with other contents for its members whose names end so, or for its `graph`."""
    with zipfile.ZipFile(source) as old:
        graph = next((name for name in old.namelist() if name.endswith(GRAPH)), "")
    members = {graph if end == "graph" else end: value for end, value in members.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        root = old.namelist()[0].split("/")[0]
        for name in old.namelist():
            changed = next((value for end, value in members.items() if name.endswith(end)), old.read(name))
            new.writestr(name, changed(old.read(name)) if callable(changed) else changed)
        for end, value in members.items():
            if not any(name.endswith(end) for name in old.namelist()):
                new.writestr(f"{root}/{end}", value)


@pytest.mark.parametrize("kind", ["pickle", "zip"])
@pytest.mark.parametrize("member", ["data.pkl", "constants.pkl"])
def test_a_hostile_pickle_inside_torchscript_runs_nothing(kind, member, forms, tmp_path):
    content = hostile(kind, tmp_path)
    if kind == "zip":
        content = zipfile.ZipFile(io.BytesIO(content)).read("archive/data.pkl")
    replaced(forms["tiny.pt"]["source"], tmp_path / "m.pt", **{member: content})
    assert "cannot be read as TorchScript" in refused(tmp_path, source=str(tmp_path / "m.pt"))


@pytest.mark.parametrize("kind", ["pickle", "zip", "legacy"])
@pytest.mark.parametrize(
    "member",
    [
        *(
            f"data/{name}"
            for name in ("sample_inputs/model.pt", "weights/model.pt", "constants/model.pt", "x/model.pt")
        ),
        *(f"serialized_{name}.pt" for name in ("state_dict", "constants", "example_inputs")),  # before torch 2.8
    ],
)
def test_a_hostile_pickle_inside_an_export_runs_nothing(kind, member, forms, tmp_path):
    replaced(forms["tiny.pt2"]["source"], tmp_path / "m.pt2", **{member: hostile(kind, tmp_path)})
    try:
        built(source=str(tmp_path / "m.pt2"))
    except GenharnessError as error:
        assert "\n" not in str(error)  # noqa: PT017  -- a member that torch does not look at may lie there
    assert not (tmp_path / "ran").exists()


def changed_graph(change):
    def apply(content):
        graph = json.loads(content)
        change(graph)
        return json.dumps(graph)

    return apply


def a_size(text):
    def change(graph):
        for tensor in graph["graph_module"]["graph"]["tensor_values"].values():
            for size in tensor["sizes"]:
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = text

    return change


def a_call(target):
    return lambda graph: graph["graph_module"]["graph"]["nodes"][1].update(target=target)


def a_name(text):
    def change(graph):
        graph["graph_module"]["graph"]["inputs"][-1]["as_tensor"]["name"] = text

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (a_size("__import__('os').mkdir('RAN')"), "where a size is expected"),
        (a_size("Symbol('s0', positive=os.mkdir('RAN'))"), "where a size is expected"),
        (a_size("eval(chr(49))"), "where a size is expected"),
        (a_call("torch.os.mkdir"), "no operator of torch's own"),
        (a_call("_operator.methodcaller"), "no operator of torch's own"),
        (a_call("torch.ops.aten.from_file.default"), "no operator of torch's own"),
        (a_call("#mine"), "no operator of torch's own"),
        (a_name("z=__import__('os').mkdir('RAN')"), "where a name is expected"),
    ],
)
def test_text_that_an_export_would_have_evaluated_is_refused(change, message, forms, tmp_path):
    ran = str(tmp_path / "ran")

    def apply(content):
        return changed_graph(change)(content).replace("RAN", ran)

    replaced(forms["tiny.pt2"]["source"], tmp_path / "m.pt2", graph=apply)
    assert message in refused(tmp_path, source=str(tmp_path / "m.pt2"))


@pytest.mark.parametrize("member", ["data/aotinductor/model/model.so", "data/constants/custom_obj_0"])
def test_an_export_with_compiled_code_or_objects_is_refused(member, forms, tmp_path):
    replaced(forms["tiny.pt2"]["source"], tmp_path / "m.pt2", **{member: b"\x7fELF"})
    assert "is not r" in refused(tmp_path, source=str(tmp_path / "m.pt2"))


def test_guards_and_notes_of_an_export_are_left_out(forms, tmp_path):
    def change(graph):
        graph["guards_code"] = [f"__import__('os').mkdir({str(tmp_path / 'ran')!r})"]

    replaced(forms["tiny.pt2"]["source"], tmp_path / "m.pt2", graph=changed_graph(change))
    assert b"guards_code" not in checked_archive(tmp_path / "m.pt2").getvalue()
    built(source=str(tmp_path / "m.pt2"))
    assert not (tmp_path / "ran").exists()


def test_torchscript_that_touches_files_is_refused(tmp_path):
    class Writes(nn.Module):
        def forward(self, z):
            return torch.from_file("x", True, 4)

    save_script(lambda: torch.jit.script(Writes()), tmp_path / "m.pt")
    assert "reads or writes files" in refused(tmp_path, source=str(tmp_path / "m.pt"))


def pipeline_folder(folder, **changes):
    index = {
        "_class_name": "DDPMPipeline",
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DDPMScheduler"],
    }
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps(index | changes))
    return {"source": str(folder)}


@pytest.mark.parametrize("name", ["unet/diffusion_pytorch_model.bin", "pipeline.py", "weights.ckpt", "x.pkl"])
def test_a_pipeline_s_folder_with_code_or_pickles_is_refused(name, tmp_path):
    options = pipeline_folder(tmp_path / "pipe")
    (tmp_path / "pipe" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "pipe" / name).write_bytes(hostile("zip", tmp_path))
    assert "which is code or may be a pickle" in refused(tmp_path, **options)


@pytest.mark.parametrize(
    "change", [{"unet": ["mine", "Net"]}, {"_class_name": ["mine", "Pipe"]}, {"_class_name": None}]
)
def test_a_pipeline_of_other_code_is_refused(change, tmp_path):
    assert "code of its own" in refused(tmp_path, **pipeline_folder(tmp_path / "pipe", **change))


# --- All five forms beside each other.


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
