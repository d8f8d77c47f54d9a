"""Models made elsewhere: what they give, cost and are told apart by, and what is refused of them."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from genharness import ConfigError, DataError, DataShape, RunError
from genharness.engine.costs.footprint import parameters
from genharness.engine.costs.operations import sampling_operations
from genharness.identity.contents import inputs_of
from genharness.kit.generators import seeded_generator
from genharness.spec.options import as_options, build_config
from genharness_model_generator.configs import GeneratorConfig
from genharness_model_generator.outputs import only_tensor, placed_as
from made_elsewhere import DIGITS, SOURCE, built, drawn, save_script


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


def test_booleans_are_black_and_white_and_every_kind_of_number_is_read(scripted):
    z = torch.randn(10, 4, generator=seeded_generator(torch.device("cpu"), 3))
    white = (flat(z) > 0).reshape(-1, 1, 8, 8)
    torch.testing.assert_close(drawn(built(**scripted(lambda z: flat(z) > 0))), white * 2.0 - 1)
    for kind in (torch.float16, torch.float8_e5m2, torch.uint16, torch.int64):
        read = only_tensor((white.to(kind),), "net")
        torch.testing.assert_close(placed_as(read, DIGITS, "net"), white.float())


def test_complex_numbers_are_refused_of_every_form(tmp_path):
    class Waves(nn.Module):
        def forward(self, z):
            return torch.complex(flat(z), flat(z))

    save_script(lambda: torch.jit.trace(Waves(), torch.ones(3, 4)), tmp_path / "waves.pt")
    torch.export.save(torch.export.export(Waves(), (torch.ones(64, 4),)), tmp_path / "waves.pt2")
    (tmp_path / "waves.py").write_text(
        "import torch\nclass Waves(torch.nn.Module):\n    def forward(self, z):\n        return torch.fft.fft(z)\n"
    )
    rows = DataShape("tabular", (4,), train_count=10)
    for name, data in [("waves.pt", DIGITS), ("waves.pt2", DIGITS), ("waves.py:Waves", rows)]:
        with pytest.raises(RunError, match="gives complex numbers, and samples are real ones"):
            built(data, source=str(tmp_path / name))
    with pytest.raises(RunError, match="gives complex numbers"):
        only_tensor([np.ones((3, 4), np.complex64)], "waves.onnx")  # as onnxruntime and diffusers give them
    with pytest.raises(RunError, match="gives an array of object: it must give numbers"):
        only_tensor(np.array(["a", "b"], object), "words.onnx")


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
        (lambda z: torch.complex(flat(z), flat(z)), "some.pt gives complex numbers, and samples are real ones: let it"),
        (lambda z: flat(z).to_sparse(), r"gives a sparse tensor: let it give \.to_dense"),
        (lambda z: flat(z).sum(), "gives one number: it must give one tensor"),
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
        ({"source": "{tiny.py}:none"}, "has no function 'none': name the one .*; known: Tiny, make, nothing"),
        ({"source": "{tiny.py}:mak"}, "has no function 'mak': .*; did you mean 'make'"),
        ({"source": "{tiny.py}:sized"}, "sized is called without arguments: missing a required argument: 'size'"),
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


FAULTY = """
import json
import torch
from torch import nn

class Net(nn.Module):
    def forward(self, z):
        raise KeyError("width")

def parse():
    return json.loads("{")

def leave():
    raise SystemExit(2)

def lazy():
    from beside_the_net import made
    return made()

class Stubborn(nn.Module):
    def train(self, mode=True):
        raise RuntimeError("always trained")
"""


@pytest.mark.parametrize(
    ("source", "function", "message"),
    [
        (FAULTY, "parse", r"net\.py fails: JSONDecodeError: Expecting property name .* \(net\.py:11\)"),
        (FAULTY, "leave", r"net\.py ends the program: .*__main__' \(net\.py:14\)"),
        (FAULTY, "lazy", r"net\.py fails: ValueError: odd \(beside_the_net\.py:2\)"),
        (FAULTY, "Net", r"net\.py fails on latents of 4: KeyError: 'width' \(net\.py:8\): check --latent"),
        (FAULTY, "Stubborn", r"net\.py fails: RuntimeError: always trained \(net\.py:22\)"),
        ("import torch\nimport no_such_module_here\n", "make", r"ModuleNotFoundError: No module .* \(net\.py:2\)"),
        ("def make(:\n", "make", r"net\.py fails: SyntaxError: invalid syntax \(net\.py:1\)"),
        (SOURCE.replace("self, z", "self"), "make", r"latents of 4: TypeError: [^()]*\(\)[^()]*: check --latent"),
    ],
)  # fmt: skip
def test_an_error_in_the_user_s_file_names_its_line(source, function, message, tmp_path):
    (tmp_path / "net.py").write_text(source)
    (tmp_path / "beside_the_net.py").write_text("def made():\n    raise ValueError('odd')\n")
    before = list(sys.path)
    with pytest.raises(RunError, match=message) as caught:
        built(source=f"{tmp_path / 'net.py'}:{function}")
    assert "\n" not in str(caught.value)
    assert sys.path == before


def test_lines_of_libraries_beside_a_file_are_not_taken_for_its_own(tmp_path):
    library = tmp_path / "env" / "site-packages" / "net_library.py"
    library.parent.mkdir(parents=True)
    library.write_text("def called():\n\n\n    raise ValueError('odd')\n")
    (tmp_path / "net.py").write_text(
        f"import sys\nsys.path.append({str(library.parent)!r})\nimport net_library\nsys.path.pop()\n"
        "def make():\n    net_library.called()\n"
    )
    with pytest.raises(RunError, match=r"ValueError: odd \(net\.py:6\)"):
        built(source=f"{tmp_path / 'net.py'}:make")


def test_want_of_memory_in_the_user_s_file_stays_that(tmp_path):
    (tmp_path / "net.py").write_text("def make():\n    raise MemoryError\n")
    with pytest.raises(MemoryError):
        built(source=f"{tmp_path / 'net.py'}:make")


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
