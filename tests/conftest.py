"""What tests share: hypothesis' profile, photographs made on the spot, and the real ones."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import truth
from hypothesis import settings

from noiser.core.types import ByteImage

os.environ.setdefault("TRITON_INTERPRET", "1")  # read once, where triton is first imported

settings.register_profile("noiser", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("noiser")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Photographs that are not ours to pass on; beside the project, never inside it."""


@pytest.fixture(scope="session")
def dark_photo() -> Callable[..., ByteImage]:
    """Give the maker of dark photographs: `dark_photo(height, width, seed=0)`."""
    return truth.dark_photo


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real test images, or skip."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is absent: real test images are not part of the project")
    return SHARED_DATA


@pytest.fixture(autouse=True, scope="session")
def _numpy_raises() -> None:
    """Let no overflow, division by zero or NaN pass silently in any test."""
    np.seterr(over="raise", divide="raise", invalid="raise")
