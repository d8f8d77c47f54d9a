"""What docs/python.md shows runs as it stands there."""

import re
import types
from pathlib import Path

import pytest
import torch

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


class Module:
    """Stands in for a Lightning module whose forward pass is a generator."""

    device = "cpu"

    def __init__(self):
        self.logged = {}

    def __call__(self, noise):
        return torch.rand(len(noise), 1, 8, 8)

    def log_dict(self, values):
        self.logged |= values


@pytest.mark.slow
def test_every_block_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"torch": torch}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    assert "gan" in capsys.readouterr().out
    lightning, module = types.SimpleNamespace(Callback=object), Module()
    names["callback"](lightning, "digits", latent=4, count=500).on_validation_epoch_end(None, module)
    assert module.logged["fid"] > 0
