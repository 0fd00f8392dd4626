"""Cells: sums of luma by squares of a picture, as tables of integers that add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]
"""int64 [n,4]: row, column, pixels and sum of luma of each cell, by rows, then by columns."""

Cell = tuple[int, int, int, int]
"""One line of a table."""

MOST = 1 << 62
"""Sums stay below it, so that two of them do not pass 64 bits: that is 2^30 pictures."""


@dataclass(frozen=True, eq=False)
class CellSums:
    """Cells in several tables, each at least twice as long as the next.

    To add one piece of a picture after the other then takes each cell through few additions:
    a single table would be copied for each piece. 32 bytes for each cell, whatever the cut;
    twice that at most while tables have cells in common.
    """

    tables: tuple[Table, ...] = ()

    @classmethod
    def of(cls, cells: "CellSums | Table | Sequence[Cell]") -> "CellSums":
        """Check what may come from another machine, and put it in order.

        Raises:
            ValueError: It is no list of four integers each, or they are too large.
        """
        if isinstance(cells, CellSums):
            return cells
        if not len(cells):
            return cls()
        try:
            table = np.asarray(cells)
        except ValueError as error:
            raise ValueError("the cells are no table; each has 4 integers") from error
        if table.ndim != 2 or table.shape[1] != 4 or table.dtype != np.int64:
            raise ValueError(
                f"the cells are {table.dtype} {list(table.shape)}; each has 4 integers of 64 bits"
            )
        return cls((_bounded(table if _is_in_order(table) else _merged(table)),))

    def __add__(self, other: "CellSums") -> "CellSums":
        """Add up what lies in the same cell."""
        kept: list[Table] = []
        for table in sorted((*self.tables, *other.tables), key=len, reverse=True):
            while kept and len(kept[-1]) < 2 * len(table):
                table = joined(kept.pop(), table)  # noqa: PLW2901 - it grows
            kept.append(table)
        return CellSums(tuple(kept))

    @cached_property
    def table(self) -> Table:
        """All cells in one table, not to be written."""
        return reduce(joined, reversed(self.tables), np.empty((0, 4), np.int64))


def joined(one: Table, other: Table) -> Table:
    """Add up two tables; only rows that both have are sorted.

    Raises:
        ValueError: A sum is too large.
    """
    if not (len(one) and len(other)):
        return one if len(one) else other
    first = max(one[0, 0], other[0, 0])
    last = min(one[-1, 0], other[-1, 0])
    if first > last:  # they have no row in common
        return np.concatenate([one, other] if one[0, 0] < other[0, 0] else [other, one])
    above, shared, below = [], [], []
    for table in (one, other):
        start, stop = np.searchsorted(table[:, 0], [first, last + 1])
        above.append(table[:start])
        shared.append(table[start:stop])
        below.append(table[stop:])
    middle = _bounded(_merged(np.concatenate(shared)))
    return np.concatenate([*above, middle, *below])


def gridded(numbers: Sequence[Table], pixels: Table, luma: Table) -> Table:
    """Make a table of all cells of a grid.

    Args:
        numbers: Rows int64 [h] and columns int64 [w], ascending.
        pixels: int64 [h,w].
        luma: int64 [h,w].
    """
    table = np.empty((*luma.shape, 4), np.int64)
    table[..., 0], table[..., 1] = numbers[0][:, None], numbers[1]
    table[..., 2], table[..., 3] = pixels, luma
    return table.reshape(-1, 4)


def _merged(table: Table) -> Table:
    """Put lines in order, those of the same cell into one."""
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    is_new = np.ones(len(table), bool)
    is_new[1:] = (table[1:, :2] != table[:-1, :2]).any(1)
    starts = np.flatnonzero(is_new)
    merged = table[starts]
    merged[:, 2:] = np.add.reduceat(table[:, 2:], starts, 0)
    return merged


def _is_in_order(table: Table) -> bool:
    """Whether each line's cell comes after that of the line before."""
    (row, column), (next_row, next_column) = table[:-1, :2].T, table[1:, :2].T
    return bool(((row < next_row) | ((row == next_row) & (column < next_column))).all())


def _bounded(table: Table) -> Table:
    """Refuse sums that could not be added to others."""
    if table.size and not -MOST < table.min() <= table.max() < MOST:
        raise ValueError("the cells have numbers from 2^62 on; no pictures add up to that")
    return table
