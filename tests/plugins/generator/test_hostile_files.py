"""Models made elsewhere: nothing of a hostile file runs."""

import io
import json
import os
import pickle
import zipfile

import pytest
import torch
from torch import nn

from genharness import GenharnessError
from genharness_model_generator.archive_checks import checked_archive
from made_elsewhere import built, save_script


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
