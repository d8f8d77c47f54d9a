"""What is set for plugins by `--set NAME.OPTION=VALUE`, held against what they declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from genharness.errors import nearest
from genharness.plugin.registry import Registry
from genharness.spec.options import PluginOptions, option, option_errors, options_of
from genharness.spec.plugins import ModelSpec, Spec

__all__ = ["TrainingOptions", "setting_errors", "training_part"]


@dataclass(frozen=True)
class TrainingOptions:
    """What can be set for every trained model beside its own options."""

    batch_size: int = option(64, low=1, help="samples in a batch")
    ema: float | None = option(None, low=0, high=0.999999, help="decay of the weight average that samples come from")
    mirror: bool = option(False, help="mirror training images left to right at random")
    balanced: bool = option(False, help="show every class equally often; needs labels")


def training_part(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a plugin's settings are training options: of a model that is trained, those, else nothing."""
    if not (isinstance(spec, ModelSpec) and spec.trained):
        return {}
    names = {item.name for item in options_of(TrainingOptions)}
    return {name: value for name, value in values.items() if name in names}


def setting_errors(settings: PluginOptions, owners: Iterable[Spec], registry: Registry) -> list[str]:
    """Return every mistake among the settings.

    Args:
        settings: Options by plugin name.
        owners: The plugins that take part, and so may be set.
        registry: What else exists.
    """
    by_name = {spec.name: spec for spec in owners}
    errors = []
    for name, values in settings.items():
        spec = by_name.get(name)
        if spec is None:
            errors.append(_stray(name, registry))
            continue
        shared = training_part(spec, values)
        own = {key: value for key, value in values.items() if key not in shared}
        errors += option_errors(name, TrainingOptions, shared) + option_errors(name, spec.config, own)
    return errors


def _stray(name: str, registry: Registry) -> str:
    known = [each for kind in registry.kinds.values() for each in kind]
    if name in known:
        return f"--set {name} is not part of this run"
    meant = nearest(name, known)
    return f"--set {name}: nothing is called so{f'; did you mean {meant!r}?' if meant else ''}"
