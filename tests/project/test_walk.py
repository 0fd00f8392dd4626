"""The walk: a picture passes few files on its way, and is handed on rather than sent back."""

import sys
from pathlib import Path

import pytest
from pictures import picture, saved

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from walk import form_of, walk  # noqa: E402

MOST_STOPS, MOST_FILES = 42, 24
"""Of a picture that is enhanced from bytes to bytes; of a JPEG they are 42 in 22."""


@pytest.fixture
def night():
    """Give the photo that ships with the project."""
    return ROOT / "assets" / "night.jpg"


def test_a_jpeg_passes_at_most_42_stops_in_22_files(night):
    """From its bytes to those of the enhanced file."""
    stops = walk(night)

    assert len(stops) <= MOST_STOPS
    assert len({stop.file for stop in stops}) <= 22


def test_the_walk_begins_and_ends_with_bytes_and_passes_measure_fold_and_render(night):
    """A walk that saw nothing would be short, too."""
    stops = walk(night)

    assert stops[0] == ("jobs/in_memory.py", "enhance_bytes", "bytes")
    files = [stop.file for stop in stops]
    order = ["io/image_file.py", "statistics/moments.py", "look/fold.py", "io/codecs/pillow.py"]
    places = [files.index(order[0]), files.index(order[1]), files.index(order[2])]
    assert places == sorted(places)
    assert files[-1] == order[3]


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "TIFF", "BMP"])
def test_other_formats_pass_hardly_more(tmp_path, format_):
    """Each has its codec, and the rest of the way is the same."""
    path = tmp_path / f"x.{format_.lower()}"
    path.write_bytes(saved(picture(height=64, width=64), format_))

    stops = walk(path)

    assert len(stops) <= MOST_STOPS + 2
    assert len({stop.file for stop in stops}) <= MOST_FILES


def test_a_shape_is_no_picture_and_bytes_are():
    """What is followed, by size."""
    assert form_of(bytes(63)) is None
    assert form_of(bytes(64)) == "bytes"
