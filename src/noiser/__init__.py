"""noiser: brighten dark photographs with a network that only ever saw noise (NoiSER).

`enhance` does it all; `Enhancer` keeps the settings and takes images apart; `train` makes
a new network. Each name is imported when it is first used, so `import noiser` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from noiser.core.version import __version__

if TYPE_CHECKING:
    from noiser.core.errors import (
        DecodeError,
        ImageError,
        LimitError,
        MachineError,
        MissingExtraError,
        NoiserError,
        OutputError,
        OutputExistsError,
        PresetError,
        UnsupportedError,
        WeightsError,
    )
    from noiser.engine.enhancer import Enhancer
    from noiser.jobs.workers.picture_jobs import enhance
    from noiser.look.presets import preset
    from noiser.model.training import TrainingConfig, train
    from noiser.statistics.moments import Moments

__all__ = [
    "DecodeError",
    "Enhancer",
    "ImageError",
    "LimitError",
    "MachineError",
    "MissingExtraError",
    "Moments",
    "NoiserError",
    "OutputError",
    "OutputExistsError",
    "PresetError",
    "TrainingConfig",
    "UnsupportedError",
    "WeightsError",
    "__version__",
    "enhance",
    "preset",
    "train",
]

_HOMES = {
    "Enhancer": "noiser.engine.enhancer",
    "Moments": "noiser.statistics.moments",
    "TrainingConfig": "noiser.model.training",
    "enhance": "noiser.engine.enhancer",
    "preset": "noiser.look.presets",
    "train": "noiser.model.training",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in __all__:
        raise AttributeError(f"module 'noiser' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "noiser.core.errors")), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted({*globals(), *__all__})
