"""A stranger's package whose code tests change: a model, an extractor and a metric, each in a module of its own."""

import sys

ACME = """
from dataclasses import dataclass
from pathlib import Path

from genharness import Column, ExtractorSpec, MetricSpec, ModelSpec, Recipe, hookimpl, option

ONCE = Recipe(length="0steps")


@dataclass(frozen=True)
class FilledConfig:
    level: float = option(0.0, low=-1, high=1, help="what every pixel is")
    weights: Path | None = option(None, help="file that holds the level")


@dataclass(frozen=True)
class LookConfig:
    weights: str = option("", help="file that holds the scale")


@hookimpl
def genharness_models():
    recipes = {"smoke": ONCE, "standard": ONCE, "paper": ONCE}
    rest = {"config": FilledConfig, "family": "test", "recipes": recipes}
    return [
        ModelSpec(name="filled", summary="One grey level", factory="acme_model:Filled", **rest),
        ModelSpec(name="beside", summary="Another", factory="acme_beside:Beside", **rest),
    ]


@hookimpl
def genharness_extractors():
    return [ExtractorSpec(name="look", summary="Pixels", factory="acme_look:Look", config=LookConfig)]


@hookimpl
def genharness_metrics():
    columns = {name: (Column(key=name, title=name, higher_is_better=False),) for name in ("gap", "size")}
    return [
        MetricSpec(name="gap", summary="Gap of means", factory="acme_gap:Gap", columns=columns["gap"]),
        MetricSpec(name="size", summary="Samples", factory="acme_size:Size", columns=columns["size"]),
    ]
"""

FILES = {
    "acme_model.py": """
import torch

from acme_level import SIGN
from genharness.kit import GenerativeModel


class Filled(GenerativeModel):
    def __init__(self, data, config):
        super().__init__(data, config)
        level = float(config.weights.read_text()) if config.weights else config.level
        self.level = torch.nn.Parameter(torch.tensor(SIGN * level))

    def fit(self, data):
        pass

    def sample(self, n, *, labels, generator):
        return self.level.detach().expand(n, *self.data.shape).clone()
""",
    "acme_level.py": "SIGN = 1.0\n",
    "acme_beside.py": "from acme_model import Filled\n\n\nclass Beside(Filled):\n    pass\n",
    "acme_look.py": """
from pathlib import Path

import numpy as np

from genharness.kit import Extracted, Extractor

SCALE = 1.0


class Look(Extractor):
    identity = "look"

    def extract(self, samples):
        weights = self.config.weights
        scale = SCALE * (float(Path(weights).read_text()) if weights else 1.0)
        return Extracted(samples.reshape(len(samples), -1)[:, 20:30].astype(np.float32) * scale)
""",
    "acme_gap.py": """
import numpy as np

OFFSET = 0.0


class Gap:
    def __init__(self, config):
        pass

    def compute(self, evaluation):
        means = [evaluation.features(which).astype(np.float64).mean() for which in ("real", "fake")]
        return {"gap": OFFSET + abs(float(means[0] - means[1]))}
""",
    "acme_size.py": """
class Size:
    def __init__(self, config):
        pass

    def compute(self, evaluation):
        return {"size": float(len(evaluation.samples("fake")))}
""",
}


class Acme:
    """The package where it was installed.

    Args:
        folder: Of its modules.
    """

    def __init__(self, folder):
        self.folder = folder
        for name, text in FILES.items():
            (folder / name).write_text(text)
        self.forget()

    def forget(self):
        """Have every module imported anew, as a new process would."""
        for name in FILES:
            sys.modules.pop(name.removesuffix(".py"), None)

    def change(self, name, before, after):
        """Edit a module as its author would, without another version."""
        path = self.folder / name
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))
