"""Layout: what a format cannot hold is refused before any work is done."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noiser.core.errors import OutputError
from noiser.io.codecs.strips.layout import Layout, blocks, check_layout

U8, U16 = np.dtype(np.uint8), np.dtype(np.uint16)


@pytest.mark.parametrize(("layout", "sentence"), [
    (Layout("WEBP", 9, 9, 3, U8), "WEBP is not written in strips; choose JPEG, PNG or TIFF"),
    (Layout("JPEG", 9, 9, 3, U16), "JPEG cannot hold 16 bits; choose PNG or TIFF"),
    (Layout("JPEG", 9, 9, 1, U16), "JPEG cannot hold 16 bits; choose PNG or TIFF"),
    (Layout("JPEG", 9, 9, 4, U8), "JPEG cannot hold transparency"),
    (Layout("JPEG", 9, 9, 2, U8), "JPEG cannot hold transparency"),
    (Layout("JPEG", 65_501, 9, 3, U8), "JPEG cannot hold 65501 x 9 pixels, but 65500 a side"),
    (Layout("JPEG", 9, 65_501, 3, U8), "JPEG cannot hold 9 x 65501 pixels, but 65500 a side"),
])  # fmt: skip
def test_what_a_format_cannot_hold_is_refused_in_words(layout, sentence):
    with pytest.raises(OutputError, match=sentence):
        check_layout(layout)


@pytest.mark.parametrize("layout", [
    Layout("JPEG", 65_500, 65_500, 3, U8), Layout("JPEG", 9, 9, 1, U8),
    Layout("PNG", 100_000, 9, 4, U16), Layout("TIFF", 100_000, 9, 2, U16),
])  # fmt: skip
def test_what_a_format_can_hold_passes(layout):
    check_layout(layout)


def test_the_bytes_of_a_row_are_counted():
    assert Layout("PNG", 100, 9, 4, U16).row_bytes == 800


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.integers(1, 12))
def test_blocks_hold_the_same_rows_in_the_same_order(heights, rows):
    whole = np.arange(sum(heights))[:, None]
    strips = np.split(whole, np.cumsum(heights)[:-1])
    found = list(blocks(strips, rows))
    assert [len(block) for block in found[:-1]] == [rows] * (len(found) - 1)
    assert np.concatenate([whole[:0], *found]).tolist() == whole.tolist()
    assert all(1 <= len(block) <= rows for block in found)
