"""Kinds of TIFFs and BMPs: one rule for extra channels at all depths, and sentences for others."""

import io
import struct

import numpy as np
import pytest
import tifffile

from noiser.core.errors import NoiserError, UnsupportedError
from noiser.io.codecs.strips.reader import open_strips
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.tools.inspect import describe

UNSAID = "an extra channel that is not said to be transparency"
DEPTHS = [np.uint8, np.uint16]


def tiff(channels: int, dtype: type = np.uint8, **options) -> bytes:
    """A TIFF of tifffile's, of values below 80."""
    rng = np.random.default_rng(3)
    shape = (64, 96, channels) if channels > 1 else (64, 96)
    if options.get("planarconfig") == "separate":
        shape = (channels, 64, 96)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, rng.integers(0, 80, shape).astype(dtype), **options)
    return buffer.getvalue()


def built(bits: list[int], meaning: int, **tags: list[int]) -> bytes:
    """A TIFF of 16 x 12 pixels, of any bits a channel, put together by hand."""
    size = -(-16 * sum(bits) // 8) * 12
    entries = {256: [16], 257: [12], 258: bits, 259: [1], 262: [meaning], 273: [0],
               277: [len(bits)], 278: [12], 279: [size]}  # fmt: skip
    entries |= {int(name[1:]): values for name, values in tags.items()}
    at = 8 + 2 + 12 * len(entries) + 4
    tail = b"".join(struct.pack(f"<{len(v)}H", *v) for v in entries.values() if len(v) > 2)
    entries[273] = [at + len(tail)]
    table, tail = struct.pack("<H", len(entries)), b""
    for tag, values in sorted(entries.items()):
        data = struct.pack(f"<{len(values)}H", *values)
        if len(data) > 4:
            data, tail = struct.pack("<L", at + len(tail)), tail + data
        table += struct.pack("<HHL", tag, 3, len(values)) + data.ljust(4, b"\0")
    pixels = np.random.default_rng(4).integers(0, 60, size).astype(np.uint8)
    return b"II*\0\x08\0\0\0" + table + bytes(4) + tail + pixels.tobytes()


def bmp(bits: int, compression: int, masks: tuple[int, ...] = ()) -> bytes:
    """A BMP of 8 x 4 pixels."""
    words = struct.pack(f"<{len(masks)}L", *masks)
    head = struct.pack("<LllHHLLllLL", 40, 8, 4, 1, bits, compression, 1024, 0, 0, 0, 0) + words
    return struct.pack("<2sLHHL", b"BM", 14 + len(head) + 1024, 0, 0, 14 + len(head)) + (
        head + bytes(1024)
    )


def refusals(data: bytes, tmp_path) -> list[str]:
    """What is said of a file taken whole, and in strips."""
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    with pytest.raises(NoiserError) as whole:
        decode(data)
    with pytest.raises(NoiserError) as strips, open_strips(path) as reader:
        list(reader.strips(0))
    assert whole.type is strips.type is UnsupportedError
    return [str(whole.value), str(strips.value)]


@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize(("channels", "meaning"), [(4, "rgb"), (2, "minisblack")])
def test_an_extra_channel_of_unknown_meaning_is_refused(channels, meaning, dtype, planes, tmp_path):
    """It is not dropped, whatever the depth, whole or in strips."""
    data = tiff(
        channels, dtype, photometric=meaning, extrasamples=["unspecified"], planarconfig=planes
    )
    assert refusals(data, tmp_path) == [UNSAID, UNSAID]


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("extra", [
    ["unspecified", "unspecified"],
    ["unassalpha", "unspecified"],
    ["unspecified", "unassalpha"],
    ["unspecified"] * 3,
])  # fmt: skip
def test_several_extra_channels_are_refused(extra, dtype, tmp_path):
    """No fifth channel is dropped, also beside transparency."""
    data = tiff(3 + len(extra), dtype, photometric="rgb", extrasamples=extra)
    wanted = f"several extra channels ({3 + len(extra)} channels)"
    assert all(said.startswith(wanted) for said in refusals(data, tmp_path))


def test_a_channel_beside_cmyk_and_beside_a_palette_is_refused(tmp_path):
    """The rule is that of RGB."""
    data = tiff(5, photometric="separated", extrasamples=["unspecified"])
    assert refusals(data, tmp_path) == [UNSAID, UNSAID]
    palette = built([8, 8], 3, t338=[0], t320=[300] * 768)
    assert refusals(palette, tmp_path) == [UNSAID, UNSAID]


@pytest.mark.parametrize("tags", [{"t338": [2]}, {}, {"t338": [999]}])
def test_transparency_is_kept_where_it_is_said_and_where_nothing_is(tags, tmp_path):
    """Four channels of RGB without a word were transparency before, and stay it."""
    data = built([8] * 4, 2, **tags)
    pixels = np.frombuffer(data[-16 * 12 * 4 :], np.uint8).reshape(12, 16, 4)
    assert decode(data).pixels.tolist() == pixels.tolist()
    (tmp_path / "a.tif").write_bytes(data)
    with open_strips(tmp_path / "a.tif") as reader:
        (strip,) = reader.strips(0)
        assert strip.pixels.tolist() == pixels.tolist()


@pytest.mark.parametrize("name", ["rgba8", "rgba16"])
def test_the_edges_extra_channels_are_refused(name, shared_data):
    """Another program's files of both depths get the same sentence."""
    data = (shared_data / f"edges/cases/tiff-extrasample-unspecified/{name}.tif").read_bytes()
    with pytest.raises(UnsupportedError, match=UNSAID):
        decode(data)


@pytest.mark.parametrize(("data", "sentence"), [
    (tiff(6, photometric="minisblack", planarconfig="contig"), "several extra channels (6 ch"),
    (tiff(6, photometric="minisblack", planarconfig="separate"), "several extra channels (6 ch"),
    (tiff(6, np.uint16, photometric="minisblack", planarconfig="contig"), "several extra channels"),
    (built([8] * 40, 2), "several extra channels (40 channels)"),
    (built([5, 6, 5], 2), "channels of 5, 6, 5 bits; noiser reads channels of one depth"),
    (built([8, 8, 8, 1], 2, t338=[2]), "channels of 8, 8, 8, 1 bits"),
    (built([4, 4, 4], 2), "RGB of 4 bits; noiser reads 8, 16 and floats of 32"),
    (built([12] * 3, 2), "RGB of 12 bits; noiser reads 8, 16 and floats of 32"),
    (built([6], 1), "gray of 6 bits; noiser reads 8, 16 and floats of 32"),
    (built([12], 0), "gray in 1 channel, integers of 12 bits; such a TIFF is not"),
    (built([8, 8], 1, t338=[2], t266=[2]), "gray in 2 channels, integers of 8 bits; such"),
    (built([8] * 5, 5, t338=[2]), "CMYK with transparency"),
    (built([8] * 6, 5), "several extra channels (6 channels)"),
    (built([8] * 3, 77), "colours of kind 77; noiser reads gray, palettes, RGB, CMYK"),
    (built([8] * 3, 2, t259=[34887]), "compression by LERC (34887); noiser reads LZW"),
    (built([16] * 3, 2, t259=[34712]), "compression by JPEG 2000 (34712); noiser reads LZW"),
    (tiff(3, photometric="icclab"), "ICC's Lab; noiser reads gray, palettes"),
    (tiff(3, photometric="logluv"), "LogLuv; noiser reads"),
    (tiff(1, photometric="mask"), "a mask of transparency; noiser reads"),
    (tiff(3, photometric="rgb", byteorder=">", bigtiff=True), "a BigTIFF of big-endian numbers"),
])  # fmt: skip
def test_a_sound_tiff_of_another_kind_is_not_called_damaged(data, sentence, tmp_path):
    """A sentence says what it is, whole and in strips."""
    for said in refusals(data, tmp_path):
        assert said.startswith(sentence)


def test_deep_gray_with_transparency_is_described_and_refused_in_strips_only(tmp_path):
    """It is taken whole; Pillow, which reads the headers of strips, does not know it."""
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(2, np.uint16, photometric="minisblack", extrasamples=["unassalpha"],
                          planarconfig="contig"))  # fmt: skip
    assert decode(path.read_bytes()).pixels.shape == (64, 96, 2)
    facts = describe(path, Limits())
    assert (facts["width"], facts["height"], facts["bits"]) == (96, 64, 16)
    sentence = "gray in 2 channels, integers of 16 bits; such a TIFF is not read in strips"
    with pytest.raises(UnsupportedError, match=sentence), open_strips(path):
        pass


def test_deep_tiles_of_separate_planes_are_not_called_damaged(tmp_path):
    """The decoder of deep pictures does not read them."""
    data = tiff(3, np.uint16, photometric="rgb", planarconfig="separate", tile=(32, 32))
    whole, strips = refusals(data, tmp_path)
    assert whole == "deep pixels in tiles of separate planes; noiser reads whole pixels"
    assert strips == "tiles of separate planes; they are not read in strips"


def test_a_compression_that_libvips_was_built_without_is_not_called_damaged(tmp_path):
    """LZMA is named."""
    whole, strips = refusals(tiff(3, np.uint16, photometric="rgb", compression="lzma"), tmp_path)
    wanted = "TIFF of a kind that libvips does not read: "
    assert whole.startswith(wanted)
    assert strips.startswith(wanted)
    assert "LZMA" in whole


@pytest.mark.parametrize(("data", "found"), [
    (bmp(16, 3, (0xF00, 0xF0, 0xF)), "bitfields layout"),
    (bmp(32, 3, (0x3FF00000, 0xFFC00, 0x3FF)), "bitfields layout"),
    (bmp(24, 4), "compression (4)"),
    (bmp(2, 0), "pixel depth (2)"),
])  # fmt: skip
def test_a_sound_bmp_of_another_kind_is_not_called_damaged(data, found):
    """A sentence says what is unusual of it."""
    with pytest.raises(UnsupportedError) as refusal:
        decode(data)
    assert str(refusal.value).startswith(f"a BMP of an unusual {found}; noiser reads")


def test_the_usual_bit_fields_of_a_bmp_are_read():
    """5, 6 and 5 bits."""
    assert decode(bmp(16, 3, (0xF800, 0x7E0, 0x1F))).pixels.shape == (4, 8, 3)
