"""Places of GeoTIFFs: they go with the location, from every kind of file into every other."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from pictures import dark_rgb, picture, saved
from PIL import Image
from tagged import table
from test_output_options import delivered, delivered_in_strips

from noiser.io.image_file import decode, encode
from noiser.io.metadata import exif
from noiser.io.output_options import without_location

DEGREE = 51.4778125
"""Of latitude, in every number here; no other number has its bytes."""

DOUBLES = (DEGREE,) * 16
TEXT = "Greenwichtown|WGS 84|"
PLACES = {
    33550: ("d", DOUBLES[:3]), 33922: ("d", DOUBLES[:6]), 34264: ("d", DOUBLES),
    33920: ("d", DOUBLES), 34735: ("H", (1, 1, 0, 1, 2048, 0, 1, 4326)), 34736: ("d", DOUBLES[:2]),
    34737: ("s", TEXT), 42112: ("s", f"<GDALMetadata>{TEXT}</GDALMetadata>"),
    50844: ("d", DOUBLES * 5 + DOUBLES[:12]), 50909: ("s", TEXT), 33918: ("H", (4660,) * 9),
    40001: ("d", DOUBLES[:2]),
}  # fmt: skip
"""GeoTIFF's, Intergraph's, GDAL's and others' tags, and one of nobody knows whom."""

KEPT = {270: "a field at night", 315: "Lucja", 33432: "2022, Lucja", 42113: "-9999"}
"""Description, artist, copyright, and GDAL's value for nothing."""

KINDS = [
    (np.uint8, {}), (np.uint8, {"byteorder": ">"}), (np.uint8, {"bigtiff": True}),
    (np.uint16, {}), (np.uint16, {"byteorder": ">"}), (np.uint16, {"bigtiff": True}),
    (np.float32, {}), (np.float32, {"bigtiff": True}),
]  # fmt: skip


def geotiff(dtype: type = np.uint8, **options) -> bytes:
    """A TIFF that names a place in every way."""
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype]
    tags = [(tag, kind, 0 if kind == "s" else len(value), value, True)
            for tag, (kind, value) in PLACES.items()]  # fmt: skip
    tags += [(tag, "s", 0, text, True) for tag, text in KEPT.items()]
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, (dark_rgb() * np.float64(scale)).astype(dtype), photometric="rgb", extratags=tags,
        metadata=None, description=None, **options,
    )  # fmt: skip
    return buffer.getvalue()


def traces(data: bytes) -> list[bytes]:
    """What is left of the place in a file, in either order of bytes."""
    words = [struct.pack(order + "d", DEGREE) for order in "<>"]
    words += [TEXT.encode(), struct.pack("<3H", *(4660,) * 3), struct.pack(">3H", *(4660,) * 3)]
    words += [struct.pack(order + "2H", 1, 4326) for order in "<>"]
    tags = [struct.pack(order + "H", tag) for order in "<>" for tag in (33922, 34735, 50844)]
    return [word for word in words if word in data] + [tag for tag in tags if tag in data[:4000]]


def told(data: bytes) -> dict[int, object]:
    """The tags of the first table of a file's EXIF, or of a TIFF."""
    if data[:2] in (b"II", b"MM"):
        return {tag.code: tag.value for tag in tifffile.TiffFile(io.BytesIO(data)).pages[0].tags}
    return dict(Image.open(io.BytesIO(data)).getexif())


@pytest.mark.parametrize(("dtype", "options"), KINDS)
def test_no_place_of_a_geotiff_is_left(dtype, options):
    """Neither in the table nor anywhere in the file; what names no place stays."""
    data = geotiff(dtype, **options)
    assert traces(data)
    photo = decode(data)
    again = encode(replace(photo, metadata=without_location(photo.metadata)))
    assert traces(again) == []
    assert not set(PLACES) & set(told(again))
    assert {tag: told(again).get(tag) for tag in KEPT} == KEPT


@pytest.mark.parametrize("target", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_no_place_of_a_geotiff_goes_into_another_format(target):
    """EXIF of the other format has none of its tags; without the wish it has them."""
    bare = delivered(geotiff(), format=target, metadata="no-location")
    assert traces(bare) == []
    assert told(bare)[270] == KEPT[270]
    assert set(PLACES) <= set(told(delivered(geotiff(), format=target)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_no_place_of_a_geotiff_goes_through_strips(dtype, tmp_path):
    """The way of large pictures strips it too."""
    assert traces(delivered_in_strips(geotiff(dtype), tmp_path, metadata="no-location")) == []


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_geotiff_keeps_its_place_where_nobody_strips_it(dtype):
    """Its tags stay, to the last bit."""
    again = told(encode(decode(geotiff(dtype))))
    assert {tag: again[tag] for tag in PLACES if PLACES[tag][0] == "d"} == {
        tag: value for tag, (kind, value) in PLACES.items() if kind == "d"
    }


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_no_place_is_left_in_a_table_of_the_camera(format_):
    """Tags of GeoTIFF go from EXIF of any format, wherever they stand in it."""
    entries = [(33550, 5, bytes(24)), (33922, 5, b"Greenwichtown~~~"), (36867, 2, b"2022:11:01\0")]
    main = table("<", [(34264, 5, b"Blackheathton~~~"), (34665, 4, struct.pack("<L", 200))], 8)
    block = (b"II*\0\x08\0\0\0" + main).ljust(200, b"\0") + table("<", entries, 200)
    data = saved(picture(), format_, exif=b"Exif\0\0" + block)
    assert decode(data).metadata["exif"].count(b"Greenwichtown") == 1
    found = delivered(data, metadata="no-location")
    assert b"Greenwichtown" not in found
    assert b"Blackheathton" not in found
    assert b"2022:11:01" in found


def test_padding_and_names_stay_in_exif():
    """What is known to name no place is not taken for one."""
    block = exif.Exif(main={40091: exif.Value(1, b"t\0"), 59932: exif.Value(7, bytes(8))})
    assert block.without_places() == block


def test_the_edges_geotiff_loses_its_place(shared_data):
    """Another program's file has no coordinates after it."""
    data = (shared_data / "edges/cases/strip-location-geotiff/geo.tif").read_bytes()
    made = told(delivered(data, metadata="no-location"))
    assert not {33550, 33922, 34735} & set(made)
    assert {33550, 33922, 34735} <= set(told(delivered(data)))
