"""The contact sheet: pictures in rows, each before and in every variant, with captions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageCms, ImageDraw, ImageFont

from noiser.core.color import narrowed
from noiser.core.errors import NoiserError, OutputError
from noiser.core.types import ByteImage, Padding, Pixels
from noiser.engine.enhancer import Enhancer
from noiser.io.codecs.bit_depth import reduced
from noiser.io.color.conversion import UNCONVERTED, Conversion, conversion_for
from noiser.io.color.profiles import SRGB, opened_profile
from noiser.io.files import read_file
from noiser.io.image_file import decode
from noiser.io.limits import MEGA, Limits
from noiser.io.photo import Photo
from noiser.jobs.color_managed import enhance_by, measure_by
from noiser.statistics.moments import Moments

MARGIN = 8
"""Around and between cells [pixels]."""

PAPER, INK, CLEAR = (40, 40, 40), (220, 220, 220), (255, 255, 255)
"""Colours of the sheet, of its captions, and of what is transparent in a picture."""

CAPTION_SHARE, LEAST_CAPTION, MOST_CAPTION = 20, 11, 28
"""Size of the captions: the cells' width divided by the first, within the others [pixels]."""

MAX_SHEET_PIXELS = 200 * MEGA
"""Width times height of a sheet at most [pixels]."""

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Variant:
    """One way to enhance, and what it is called on the sheet."""

    caption: str
    """A short line."""

    enhancer: Enhancer
    """Look, network and kernel."""


@dataclass(frozen=True)
class Grid:
    """How the cells are arranged."""

    width: int = 320
    """Of a cell; a smaller picture is not enlarged [pixels]."""

    columns: int | None = None
    """Cells in a line; by default all of a picture."""

    before_alone: bool = False
    """Whether the picture before has a line of its own."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A small picture and its caption."""

    caption: str
    """A short line."""

    picture: Image.Image
    """RGB, sRGB, as wide as a cell at most."""


def make_sheet(
    paths: Iterable[Path],
    variants: Sequence[Variant],
    grid: Grid | None = None,
    *,
    limits: Limits | None = None,
    on_fault: Callable[[Path, str], None],
) -> ByteImage | None:
    """Show pictures before and in every variant on one sheet.

    Every variant is rendered at the picture's full size and only then reduced, so a cell shows
    what `enhance` would write; each picture is measured once for all variants.

    Args:
        paths: Image files; each begins a new line.
        variants: In the order of the columns.
        grid: The arrangement.
        limits: How large a picture may be.
        on_fault: Called with a path and a sentence for a picture that is left out.

    Returns:
        uint8 [H,W,3] in [0, 255], sRGB; None where no picture could be read.

    Raises:
        OutputError: The sheet would be too large.
    """
    grid, limits = grid or Grid(), limits or Limits()
    lines: list[list[Cell]] = []
    for path in paths:
        try:
            data = read_file(path, limits.max_file_bytes)
            photo = reduced(decode(data, limits, path.suffix), "PNG")
        except NoiserError as error:
            on_fault(path, str(error))
            continue
        cells = cells_of(photo, path.name, variants, grid.width)
        if grid.before_alone:
            lines.append([cells.pop(0)])
        lines += _chunks(cells, grid.columns or len(cells))
        _sheet_size(lines, grid.width)
    return draw(lines, grid.width) if lines else None


def cells_of(photo: Photo, name: str, variants: Sequence[Variant], width: int) -> list[Cell]:
    """Make a picture's cells: before, and each variant.

    Args:
        photo: The picture.
        name: Its caption.
        variants: What to show of it.
        width: Of a cell at most [pixels].
    """
    conversion = conversion_for(photo.metadata.get("icc_profile"), photo.channels, "keep")[0]
    moments = measured_once(photo.pixels, [variant.enhancer for variant in variants], conversion)
    cells = [Cell(name, _reduced(photo.pixels, photo, width))]
    for variant in variants:
        enhancer = variant.enhancer
        enhanced = enhance_by(conversion, photo.pixels, enhancer, moments[enhancer.look.padding])
        cells.append(Cell(variant.caption, _reduced(enhanced, photo, width)))
    return cells


def measured_once(
    pixels: Pixels, enhancers: Iterable[Enhancer], conversion: Conversion = UNCONVERTED
) -> dict[Padding, Moments]:
    """Measure a picture for all looks that are to be shown of it.

    Args:
        pixels: The picture.
        enhancers: All that will render it.
        conversion: The way of its pixels to sRGB.

    Returns:
        Moments by padding, the only thing of a look that they depend on; with cells where one
        of the looks has `local`.
    """
    measuring: dict[Padding, Enhancer] = {}
    for enhancer in enhancers:
        look = enhancer.look
        if look.padding not in measuring or look.local > measuring[look.padding].look.local:
            measuring[look.padding] = enhancer
    return {
        padding: measure_by(conversion, pixels, enhancer) for padding, enhancer in measuring.items()
    }


def draw(lines: Sequence[Sequence[Cell]], width: int) -> ByteImage:
    """Draw lines of cells with their captions.

    Args:
        lines: From top to bottom, each from left to right.
        width: Of a cell [pixels].

    Returns:
        uint8 [H,W,3] in [0, 255], sRGB.
    """
    sheet = Image.new("RGB", _sheet_size(lines, width), PAPER)
    pen, size = ImageDraw.Draw(sheet), _caption_size(width)
    font = ImageFont.load_default(size)
    top = MARGIN
    for line in lines:
        for column, cell in enumerate(line):
            left = MARGIN + column * (width + MARGIN)
            picture = cell.picture
            sheet.paste(picture, (left + (width - picture.width) // 2, top))
            caption = fitted(cell.caption, width, font.getlength)
            middle = left + width // 2
            pen.text((middle, top + _height(line) + size // 3), caption, INK, font, anchor="ma")
        top += _line_height(line, width)
    return np.asarray(sheet)


def fitted(caption: str, width: float, length: Callable[[str], float]) -> str:
    """Cut a caption to a width, and leave out what cannot be drawn.

    Example:
        >>> fitted("a long caption", 8, len)
        'a lon...'
    """
    clean = "".join(c if c.isprintable() else "?" for c in caption)
    if length(clean) <= width:
        return clean
    while clean and length(f"{clean}...") > width:
        clean = clean[:-1]
    return f"{clean}..."


def _sheet_size(lines: Sequence[Sequence[Cell]], width: int) -> tuple[int, int]:
    """Tell width and height of the sheet, and refuse what is too large [pixels]."""
    across = MARGIN + max(map(len, lines)) * (width + MARGIN)
    down = MARGIN + sum(_line_height(line, width) for line in lines)
    if across * down > MAX_SHEET_PIXELS:
        raise OutputError(
            f"a sheet of {across} x {down} pixels and more; the limit is "
            f"{MAX_SHEET_PIXELS // MEGA} megapixels: take fewer pictures, or a smaller --width"
        )
    return across, down


def _line_height(line: Sequence[Cell], width: int) -> int:
    """Tell the height of a line with its captions and margin [pixels]."""
    return _height(line) + 2 * _caption_size(width) + MARGIN


def _height(line: Sequence[Cell]) -> int:
    """Tell the height of a line's tallest picture [pixels]."""
    return max(cell.picture.height for cell in line)


def _caption_size(width: int) -> int:
    """Tell the size of captions below cells of a width [pixels]."""
    return min(max(width // CAPTION_SHARE, LEAST_CAPTION), MOST_CAPTION)


def _reduced(pixels: Pixels, photo: Photo, width: int) -> Image.Image:
    """Reduce a picture to a cell: RGB of 8 bits, sRGB."""
    if pixels.dtype == np.uint16:
        pixels = narrowed(pixels)
    image = Image.fromarray(pixels)
    if image.width > width:
        height = max(round(image.height * width / image.width), 1)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    if image.mode in ("LA", "RGBA"):
        opaque = Image.new("RGBA", image.size, CLEAR)
        opaque.alpha_composite(image.convert("RGBA"))
        image = opaque.convert(image.mode.removesuffix("A"))
    return _in_srgb(image, photo.metadata.get("icc_profile"))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB through the picture's own profile, as a viewer would."""
    if profile is None:
        return image.convert("RGB")
    try:
        own, srgb = opened_profile(profile), opened_profile(SRGB)
        converted = ImageCms.profileToProfile(image, own, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a damaged profile, or one of another kind
        converted = None
    return converted or image.convert("RGB")


def _chunks(items: list[_T], size: int) -> Iterator[list[_T]]:
    """Cut a list into pieces of a size, but for the last."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
