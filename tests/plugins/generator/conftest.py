"""One tiny network in every form that torch writes."""

import pytest
import torch

from made_elsewhere import SOURCE, Gives, Tiny, save_script


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


@pytest.fixture
def scripted(tmp_path):
    """Return the options of a generator that gives what a function makes of latents."""

    def make(function):
        save_script(lambda: torch.jit.trace(Gives(function), torch.ones(3, 4)), tmp_path / "some.pt")
        return {"source": str(tmp_path / "some.pt")}

    return make
