"""Cells: tables that add up, against a dictionary; whatever the cut, with little work."""

import dataclasses
import hashlib
import json
import tracemalloc
from functools import reduce
from operator import add

import numpy as np
import pytest
import truth
from hypothesis import given
from hypothesis import strategies as st

from noiser import Enhancer
from noiser.statistics import cells
from noiser.statistics.cells import CellSums, joined
from noiser.statistics.local_mean import cell_sums
from noiser.statistics.moments import PAIRS, TAPS, Moments

NUMBER = st.integers(-(2**40), 2**40)
LINES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 256), NUMBER))


def moments(lines=()):
    """Make moments that have nothing but cells."""
    return Moments("zero", 1, (0,) * TAPS, (0,) * PAIRS, cells=tuple(lines))


def by_dictionary(lines):
    """Add up what lies in the same cell, one line after the other."""
    found = {}
    for row, column, pixels, luma in lines:
        before = found.get((row, column), (0, 0))
        found[row, column] = (before[0] + pixels, before[1] + luma)
    return tuple((*place, *sums) for place, sums in sorted(found.items()))


@given(pieces=st.lists(LINES, min_size=1, max_size=9))
def test_cells_add_up_as_a_dictionary_does(pieces):
    """Whatever lies where, one after the other or in pairs."""
    parts = [moments(lines) for lines in pieces]

    one_by_one = reduce(add, parts)
    backwards = reduce(add, reversed(parts))

    expected = by_dictionary([line for lines in pieces for line in lines])
    assert one_by_one.cells == backwards.cells == expected
    assert dataclasses.replace(one_by_one, count=1) == dataclasses.replace(backwards, count=1)


@given(data=st.data())
def test_cells_of_any_cut_are_those_of_the_whole(data):
    """In bands of any height and order."""
    image = truth.dark_photo(70, 40)
    cuts = sorted(data.draw(st.sets(st.integers(1, 69), max_size=8)))
    regions = [np.s_[a:b, 0:40] for a, b in zip([0, *cuts], [*cuts, 70], strict=True)]

    parts = [CellSums.of(cell_sums(image, at)) for at in data.draw(st.permutations(regions))]

    assert np.array_equal(reduce(add, parts).table, cell_sums(image, np.s_[0:70, 0:40]))


def test_cells_are_read_as_tuples_of_integers():
    """As they always were, and as JSON takes them."""
    found = moments([(0, 1, 256, -7), (2, 0, 16, 5)]).cells

    assert found == ((0, 1, 256, -7), (2, 0, 16, 5))
    assert {type(number) for line in found for number in line} == {int}


def test_moments_with_cells_are_told_as_they_always_were(dark_photo):
    """The text that keys and journals are made of, to the last sign."""
    image = dark_photo(50, 60)
    found = Enhancer(local=0.5, threads=1, kernel="reference").measure(image)
    lines = by_dictionary(map(tuple, cell_sums(image, np.s_[0:50, 0:60]).tolist()))

    names = ("padding", "count", "sums", "products", "tones", "grain")
    expected = {**{name: getattr(found, name) for name in names}, "cells": lines}

    assert json.dumps(dataclasses.asdict(found)) == json.dumps(expected)
    digest = hashlib.sha256(json.dumps(dataclasses.asdict(found)).encode()).hexdigest()
    assert digest == TOLD


TOLD = "279e5593da65a46d9db4a8ef5122f61f65a4e2f8216c729788e2227ec54e3ef1"
"""What the digest was when cells were kept as tuples."""


def test_moments_with_other_cells_are_not_equal():
    """Equal ones have the same hash."""
    first, same, other = (moments([(0, 0, 256, luma)]) for luma in (5, 5, 6))

    assert (first == same, first == other) == (True, False)
    assert hash(first) == hash(same)


def test_lines_in_any_order_are_put_in_order():
    """Another machine may send them so."""
    assert moments([(1, 0, 2, 3), (0, 5, 1, 1)]).cells == ((0, 5, 1, 1), (1, 0, 2, 3))


@pytest.mark.parametrize(
    "lines", [[(1, 2, 3)], [(1, 2, 3, 4), (1, 2)], [(0, 0, 1, 0.5)], [(0, 0, 1, 2**64)], [[[1]]]]
)
def test_what_are_no_cells_is_refused(lines):
    """Of whatever shape and type."""
    with pytest.raises(ValueError, match=r"^the cells are .*; each has 4 integers"):
        moments(lines)


@pytest.mark.parametrize("luma", [2**62, -(2**62)])
def test_sums_that_would_overflow_are_refused(luma):
    """At once where they come in, and where an addition makes them."""
    with pytest.raises(ValueError, match=r"^the cells have numbers from 2\^62 on"):
        moments([(0, 0, 1, luma)])
    half = moments([(0, 0, 1, luma // 2)])
    with pytest.raises(ValueError, match=r"^the cells have numbers from 2\^62 on"):
        half + half


def test_adding_piece_by_piece_takes_each_cell_through_few_additions(monkeypatch):
    """A thousand bands of 50 cells: some ten lines are moved for each, not five hundred."""
    moved = []

    def counted(one, other):
        moved.append(len(one) + len(other))
        return joined(one, other)

    monkeypatch.setattr(cells, "joined", counted)
    bands = [moments([(i, j, 256, i * j) for j in range(50)]) for i in range(1000)]

    total = reduce(add, bands)

    assert len(total.cell_table) == 50_000
    assert sum(moved) < 15 * 50_000


def test_moments_of_a_large_picture_are_small():
    """100 megapixels in 400 bands: 390,625 cells take 32 bytes each, twice that while adding."""
    rows, columns = np.arange(625), np.arange(625)
    tracemalloc.start()
    try:
        total = moments()
        for row in rows:
            table = np.stack([np.full(625, row), columns, columns + 1, columns * row], 1)
            total = total + dataclasses.replace(moments(), cells=table)
        held, _ = tracemalloc.get_traced_memory()
        found = total.cell_table
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found.shape == (390_625, 4)
    assert held < 1.5 * found.nbytes
    assert peak < 3.5 * found.nbytes


def test_cells_of_a_picture_are_summed_up_in_little_memory():
    """4 megapixels, as many as a band has at most: less than 8 bytes for each of its pixels."""
    image = np.zeros((2048, 2048, 3), np.uint8)
    tracemalloc.start()
    try:
        cell_sums(image, np.s_[0:2048, 0:2048])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8 * 2048 * 2048
