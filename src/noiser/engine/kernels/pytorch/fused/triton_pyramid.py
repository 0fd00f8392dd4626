"""The coarse octaves of a batch on CUDA, through Triton: five launches for each of them."""

from typing import NamedTuple

import torch
import triton
from torch import Tensor

from noiser.core.types import Region
from noiser.engine.kernels.denoise import BAND_HALO
from noiser.engine.kernels.octaves import coarser
from noiser.engine.kernels.pytorch.fused import triton_denoise, triton_octaves
from noiser.engine.kernels.pytorch.octaves import half, is_noisy, needed
from noiser.engine.kernels.pytorch.planes import grown, part_of
from noiser.engine.kernels.pytorch.render_params import Filters
from noiser.engine.kernels.reading import scaled

TOP, LEFT = 7, 4
"""Where a piece's first pixel lies in its planes, and how much lies around it [pixels]."""


class Source(NamedTuple):
    """What is read of an octave: the images themselves, or planes."""

    batch: Tensor
    """[B,3,H,W] on CUDA: colours, or float32 luma and red and blue less luma, less the center."""

    origin: tuple[int, int]
    """Row and column of its first value, in the octave, from the picture's first pixel on."""

    peak: float
    """White; 0 for planes."""

    padding: str
    """What lies outside; planes are never read there."""

    def at(self, region: Region) -> tuple[int, int, int, int]:
        """Tell where a region of the octave begins, and the size of what is read."""
        rows, columns = scaled(region, 1, self.origin)
        height, width = self.batch.shape[2:]
        return rows.start, columns.start, height, width


class Pyramid(NamedTuple):
    """The octaves of a batch.

    Args:
        filters: The images' noise, and how much of it to take away.
        tables: float32 [4,B,32]: the numbers of each image, with the noise of each octave.
        tile: Rows and columns that a program works on at once [pixels].
    """

    filters: Filters
    tables: Tensor
    tile: tuple[int, int]

    def quiet_planes(self, source: Source, region: Region, octave: int = 0) -> Source:
        """Take the noise of all coarser octaves away: as `octaves.without_coarse_noise`.

        Args:
            source: Of this octave: all that is `needed`.
            region: Of the octave, from the picture's first pixel on.
            octave: Which it is; 0 is the picture.

        Returns:
            Planes of the region.
        """
        squares = coarser(region)
        averages = self._halved(source, region, octave)
        changed = averages
        if octave + 2 < max(self.filters.octaves):
            changed = self.quiet_planes(averages, grown(squares, BAND_HALO), octave + 1)
        change = self._change(averages, changed, squares, octave + 1)
        (height, width), out = _size(region), self._planes(source, region)
        triton_octaves.add_kernel[self._grid(height, width)](
            source.batch, *source.batch.stride(), self.tables[octave], change, *change.shape[2:],
            *(part.start % 2 for part in region), out, *source.at(region), height, width,
            PEAK=source.peak, ZERO=source.padding == "zero", **self._tile,
        )  # fmt: skip
        return Source(out, (region[0].start, region[1].start), 0.0, "replicate")

    def _halved(self, source: Source, region: Region, octave: int) -> Source:
        """Average all squares of two that a region needs."""
        whole = needed(region, max(self.filters.octaves) - octave)
        squares = half(whole)
        (height, width), averages = _size(squares), self._planes(source, squares)
        triton_octaves.halve_kernel[self._grid(height, width)](
            source.batch, *source.batch.stride(), self.tables[octave], averages, *source.at(whole),
            height, width, PEAK=source.peak, ZERO=source.padding == "zero", **self._tile,
        )  # fmt: skip
        return Source(averages, (squares[0].start, squares[1].start), 0.0, "replicate")

    def _change(self, averages: Source, changed: Source, squares: Region, octave: int) -> Tensor:
        """Find what taking an octave's noise away changes: float32 [B,3,h,w]."""
        images, (height, width) = len(changed.batch), _size(squares)
        piece = grown(squares, -2)  # join's own two pixels more are the squares
        piece_rows, piece_columns = _size(piece)
        rows, pitch = piece_rows + 2 * TOP, -(-(piece_columns + 2 * LEFT) // 32) * 32
        planes = changed.batch.new_empty((15, images, rows, pitch))
        table, frame = self.tables[octave], (planes, planes.stride(0), pitch, rows)
        before = (
            changed.batch, *changed.batch.stride(), table, *frame, *changed.at(piece),
            piece_rows, piece_columns,
        )  # fmt: skip
        options = {"PEAK": 0.0, "ZERO": False, **self._tile}
        wide = piece_columns + 2 * LEFT
        triton_denoise.blur_rows_kernel[self._grid(rows, wide)](*before, **options)
        triton_denoise.bands_kernel[self._grid(rows - 6, wide)](*before, FINE=3, **options)
        own = part_of(averages.batch, _region_of(averages), squares)
        change = self._planes(changed, squares)
        triton_octaves.quiet_kernel[self._grid(height, width)](
            own, *own.stride(), table, *frame, change, height, width, **self._tile
        )
        return change.mul_(is_noisy(self.filters, octave))

    @property
    def _tile(self) -> dict[str, int]:
        """Give the tile as kernels take it."""
        return {"BY": self.tile[0], "BX": self.tile[1]}

    def _grid(self, height: int, width: int) -> tuple[int, int, int]:
        """Count the programs that planes take."""
        by, bx = self.tile
        return triton.cdiv(width, bx), triton.cdiv(height, by), len(self.filters.octaves)

    def _planes(self, like: Source, region: Region) -> Tensor:
        """Make room for planes."""
        return like.batch.new_empty((len(like.batch), 3, *_size(region)), dtype=torch.float32)


def _size(region: Region) -> tuple[int, int]:
    """Count rows and columns."""
    rows, columns = region
    return rows.stop - rows.start, columns.stop - columns.start


def _region_of(source: Source) -> Region:
    """Tell which region of their octave planes are."""
    (top, left), (height, width) = source.origin, source.batch.shape[2:]
    return slice(top, top + height), slice(left, left + width)
