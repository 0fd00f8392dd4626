"""The matrix: what becomes of each kind of picture in each format, found by doing it.

    python tests/support/matrix.py

writes the table anew into docs/formats.md; tests/io/test_formats.py compares.
"""

import io
from pathlib import Path

import numpy as np
import pillow_heif
import pyjpegxl
import pyvips
import tifffile
from pictures import saved
from PIL import Image

from noiser import Enhancer
from noiser.core.errors import NoiserError
from noiser.io.output_options import OutputOptions
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
START, END = "<!-- table -->", "<!-- end of table -->"
FORMATS = ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "AVIF", "HEIC", "JXL"]
KINDS = [
    "1", "L", "LA", "P", "P+transparency", "RGB", "RGBA", "16-bit L", "16-bit RGB", "CMYK",
    "float32",
]  # fmt: skip
OWN = {
    "PNG": {"1", "L", "LA", "P", "P+transparency", "RGB", "RGBA", "16-bit L", "16-bit RGB"},
    "JPEG": {"L", "RGB", "CMYK"},
    "WEBP": {"RGB", "RGBA"},
    "TIFF": {"1", "L", "LA", "P", "RGB", "RGBA", "16-bit L", "16-bit RGB", "CMYK", "float32"},
    "BMP": {"1", "L", "P", "RGB"},
    "AVIF": {"RGB", "RGBA", "16-bit RGB"},
    "HEIC": {"L", "RGB", "RGBA", "16-bit L", "16-bit RGB"},
    "JXL": {"L", "LA", "RGB", "RGBA", "16-bit L", "16-bit RGB", "float32"},
}
"""Kinds that a format holds as they are; AVIF and HEIC hold 10 bits of the 16."""

HEIGHT, WIDTH = 48, 64


def alpha() -> np.ndarray:
    """Half transparent at the left, opaque at the right: uint8 [H,W]."""
    return np.tile(np.linspace(90, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))


def gray() -> np.ndarray:
    """A dark slope: float64 [H,W] in [0, 0.25]."""
    return np.linspace(0, 0.25, HEIGHT * WIDTH).reshape(WIDTH, HEIGHT).T


def source(kind: str, format_: str) -> bytes:
    """Make a file of a kind: in the format itself, if it holds it, else in PNG or TIFF."""
    if kind not in OWN[format_]:
        format_ = "PNG" if kind in OWN["PNG"] else "TIFF"
    color = gray()[..., None] * [1.0, 0.8, 0.6]
    if kind == "float32":
        return _deep(color.astype(np.float32), format_)
    if kind.startswith("16-bit"):
        values = color if kind == "16-bit RGB" else gray()
        return _deep(np.rint(values * 65535).astype(np.uint16), format_)
    image = Image.fromarray(np.rint(color * 255).astype(np.uint8))
    if kind in ("RGBA", "LA", "P+transparency"):
        image.putalpha(Image.fromarray(alpha()))
    options = {}
    if kind == "P+transparency":
        image, options = image.convert("RGB").quantize(32), {"transparency": bytes(range(100, 132))}
    elif kind == "P":
        image = image.quantize(32)
    else:
        image = image.convert(kind)
    if format_ == "HEIC":
        return _heic(np.asarray(image), 8)
    if format_ == "JXL":
        return _deep(np.asarray(image), "JXL")
    return saved(image, format_, **options)


def described(data: bytes) -> str:
    """Say what a file holds, by readers that are not noiser's: `RGB 8`."""
    if data[4:8] == b"ftyp" and b"avif" not in data[:32]:
        heif = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        mode = {"I;16": "L"}.get(heif.mode, heif.mode.partition(";")[0])
        return f"{mode} {heif.info['bit_depth']}"
    if data[:2] == b"\xff\x0a" or data[4:8] == b"JXL ":
        said = pyjpegxl.probe(data)
        mode = ("L", "LA", "RGB", "RGBA")[said.num_color_channels + said.has_alpha - 1]
        return f"{mode} {'float' if said.bits_per_sample == 32 else said.bits_per_sample}"
    if data[4:8] == b"ftyp":
        vips = pyvips.Image.new_from_buffer(data, "")
        return f"{('L', 'LA', 'RGB', 'RGBA')[vips.bands - 1]} {vips.get('bits-per-sample')}"
    if data[:2] in (b"II", b"MM"):
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            page = tiff.pages[0]
            mode = ("L", "LA", "RGB", "RGBA")[page.samplesperpixel - 1]
            return f"{mode} float" if page.sampleformat == 3 else f"{mode} {page.bitspersample}"
    with Image.open(io.BytesIO(data)) as image:
        if image.format == "PNG":
            return f"{ {0: 'L', 2: 'RGB', 4: 'LA', 6: 'RGBA'}[data[25]] } {data[24]}"
        return f"{image.mode} 8"


def outcome(kind: str, format_: str) -> tuple[str, bytes]:
    """Enhance a picture of a kind into a format; gives the cell of the table, and the file."""
    is_own = kind in OWN[format_]
    treatment = JobOptions(Enhancer(threads=1), output=OutputOptions(None if is_own else format_))
    try:
        data, _, _, note = enhance_bytes(source(kind, format_), treatment)
    except NoiserError as error:
        return "refused", str(error).encode()
    mark = "*" if note and "were reduced to" in note else ""
    return described(data) + mark, data


def table() -> str:
    """Make the table, in Markdown."""
    rows = [["", *FORMATS], ["---"] * (len(FORMATS) + 1)]
    rows += [[kind, *(outcome(kind, format_)[0] for format_ in FORMATS)] for kind in KINDS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def committed() -> str:
    """Read the table that the page has."""
    return PAGE.read_text(encoding="utf-8").split(START)[1].split(END)[0].strip()


def _deep(pixels: np.ndarray, format_: str) -> bytes:
    """Write 16 bits or floats by libraries that are not noiser's; AVIF and HEIC with 10 bits."""
    if format_ == "JXL":
        return pyjpegxl.encode_from_numpy(np.ascontiguousarray(pixels), lossless=True)
    if format_ == "HEIC":
        return _heic(pixels, 10)
    if format_ == "TIFF":
        return _tiff(pixels)
    kind = "rgb16" if pixels.ndim == 3 else "grey16"
    image = pyvips.Image.new_from_array(pixels).copy(interpretation=kind)
    if format_ == "AVIF":
        return image.heifsave_buffer(compression="av1", bitdepth=10, lossless=True)
    return image.pngsave_buffer(bitdepth=16)


def _heic(pixels: np.ndarray, bits: int) -> bytes:
    """Write HEIC."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[1 if pixels.ndim == 2 else pixels.shape[2]]
    mode += "" if bits == 8 else ";16"
    file = pillow_heif.from_bytes(mode, (WIDTH, HEIGHT), np.ascontiguousarray(pixels).tobytes())
    buffer = io.BytesIO()
    file.save(buffer, quality=-1, chroma=444, bit_depth=bits)
    return buffer.getvalue()


def _tiff(pixels: np.ndarray) -> bytes:
    """Write TIFF."""
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb" if pixels.ndim == 3 else "minisblack")
    return file.getvalue()


def main() -> None:
    """Write the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
