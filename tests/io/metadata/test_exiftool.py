"""ExifTool's validation: an output has no fault that its input had not."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matrix import FORMATS, KINDS, outcome, source
from pictures import picture, saved
from tagged import everything, full_exif, full_jpeg

from noiser import Enhancer
from noiser.core.errors import NoiserError
from noiser.io.color.profiles import ADOBE_RGB
from noiser.io.image_file import decode, encode
from noiser.io.metadata.embedded_settings import Settings
from noiser.io.output_options import OutputOptions
from noiser.jobs.gigapixel import enhance_file
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is absent: libimage-exiftool-perl has it"
)

EXCEPTIONS = {
    "Invalid value for IFD0 tag 0x0103 Compression": (
        "ExifTool knows TIFF 6.0 of 1992 alone; deflate, of 2002, is read by every program"
    ),
    "Missing required TIFF GPS tag 0x001b GPSProcessingMethod": (
        "ExifTool asks for it in TIFFs alone, Exif 2.32 (table 15) nowhere: "
        "nobody knows how the place was found"
    ),
}
"""What is new in some output all the same, with the reason."""

CHOICES = {
    "keep": {}, "no-location": {"metadata": "no-location"}, "none": {"metadata": "none"},
    "none, software": {"metadata": "none", "software": True}, "software": {"software": True},
    "srgb": {"profile": "srgb"}, "attachments": {"attachments": True},
    "settings": {"settings": Settings("natural", (("strength", 1.0),), "0" * 64)},
}  # fmt: skip
POOR = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"]
STRIPS, IN_STRIPS = ["JPEG", "PNG", "TIFF"], ["keep", "no-location", "none, software"]
ENHANCER = Enhancer(threads=1)
GROUPS = ["matrix", *CHOICES, "strips", "shared"]

Made = tuple[str, bytes, bytes]
"""What was done, the input and the output."""


def rich() -> dict[str, bytes]:
    """Files of each format with metadata of all kinds, some of them without a fault."""
    made = {f"poor {f}": everything(f, icc_profile=ADOBE_RGB) for f in POOR}
    made["JPEG"] = full_jpeg()
    photo = decode(made["JPEG"])
    made |= {f: encode(photo, f) for f in ("PNG", "WEBP", "AVIF", "HEIC", "TIFF")}
    deep = replace(photo, pixels=photo.pixels.astype(np.uint16) * 257)
    made["TIFF of 16 bits"] = encode(deep, "TIFF")
    made["PNG of 16 bits"] = encode(deep, "PNG")
    made["deflated TIFF"] = encode(
        replace(photo, format="TIFF", encoding={"compression": "tiff_adobe_deflate"}), "TIFF"
    )
    made["gray JPEG"] = saved(picture("L", 48, 64), "JPEG", exif=full_exif())
    made["bare JPEG"] = saved(picture(height=48, width=64), "JPEG")
    made["bare TIFF"] = saved(picture(height=48, width=64), "TIFF")
    return made


def treatment(**choices) -> JobOptions:
    return JobOptions(ENHANCER, output=OutputOptions(**choices))


def enhanced(name: str, data: bytes, **choices) -> Iterator[Made]:
    """Enhance in memory; nothing where it is refused."""
    try:
        yield name, data, enhance_bytes(data, treatment(**choices))[0]
    except NoiserError:
        return


def in_strips(name: str, data: bytes, folder: Path, **choices) -> Iterator[Made]:
    (folder / "in").write_bytes(data)
    (folder / "out").unlink(missing_ok=True)
    try:
        enhance_file(folder / "in", folder / "out", treatment(**choices))
    except NoiserError:
        return
    yield name, data, (folder / "out").read_bytes()


def all_made(folder: Path, shared: Path) -> Iterator[Made]:
    for kind in KINDS:
        for format_ in FORMATS:
            cell, data = outcome(kind, format_)
            if cell != "refused":
                yield f"matrix: {kind} as {format_}", source(kind, format_), data
            if format_ in STRIPS:
                yield from in_strips(
                    f"strips: {kind} as {format_}", source(kind, format_), folder, format=format_
                )
    for name, data in rich().items():
        for format_ in FORMATS:
            for group, choices in CHOICES.items():
                title = f"{group}: {name} as {format_}"
                yield from enhanced(title, data, format=format_, **choices)
                if format_ in STRIPS and group in IN_STRIPS:
                    title = f"strips: {title}"
                    yield from in_strips(title, data, folder, format=format_, **choices)
    for path in pictures_of(shared):
        for format_ in (None, "JPEG", "TIFF"):
            name = f"shared: {path.name} as {format_ or 'it is'}"
            yield from enhanced(name, path.read_bytes(), format=format_, attachments=True)


def pictures_of(shared: Path) -> list[Path]:
    """Real files: none where there are none."""
    found = [shared / f"orientation/{name}.jpg" for name in ("Landscape_6", "Portrait_0")]
    edges = (p for p in sorted((shared / "edges").rglob("*.*")) if p.stat().st_size < 1 << 20)
    found += [p for p in edges if p.suffix in (".jpg", ".jpeg", ".png", ".tif", ".mpo")]
    found += sorted((shared / "dicm12").glob("*.jpg"))[:2]
    found += sorted((shared / "exdark8").glob("*.jpg"))[:2]
    return [path for path in found if path.is_file()]


def faults(folder: Path) -> dict[str, set[str]]:
    """Ask ExifTool once for all files of a folder: its warnings and errors by the file's name."""
    asked = ["exiftool", "-validate", "-warning", "-error", "-a", "-G4", "-j", "-q", "-@", "-"]
    names = "\n".join(map(str, sorted(folder.iterdir())))  # of a folder it takes known suffixes
    done = subprocess.run(asked, input=names, capture_output=True, text=True, check=False)
    found = {}
    for entry in json.loads(done.stdout):
        said = [str(v) for key, v in entry.items() if key.endswith(("Warning", "Error"))]
        plain = {re.sub(r"^\[minor\] | \[x\d+\]$", "", words) for words in said}
        found[Path(entry["SourceFile"]).name] = plain
    return found


@pytest.fixture(scope="module")
def new_faults(tmp_path_factory) -> dict[str, set[str]]:
    """What each output is blamed for, and its input is not, by what was done."""
    shared = Path(__file__).resolve().parents[4] / "shared" / "data"
    folder, files = tmp_path_factory.mktemp("strips"), tmp_path_factory.mktemp("files")
    names, inputs = [], {}
    for number, (name, before, after) in enumerate(all_made(folder, shared)):
        names.append(name)
        first = inputs.setdefault(before, f"in{number}")
        (files / first).write_bytes(before)
        (files / f"out{number}").write_bytes(after)
        names[-1] = (name, first, f"out{number}")
    found = faults(files)
    return {name: found[after] - found[before] for name, before, after in names}


@pytest.mark.parametrize("group", GROUPS)
def test_exiftool_finds_nothing_new(new_faults, group):
    """Whatever the source, the format and the options."""
    made = {name: found for name, found in new_faults.items() if name.startswith(f"{group}: ")}
    if group == "shared" and not made:
        pytest.skip("../shared/data is absent: real test images are not part of the project")
    assert len(made) > 50
    assert {n: sorted(f - set(EXCEPTIONS)) for n, f in made.items() if f - set(EXCEPTIONS)} == {}


def test_the_exceptions_are_needed(new_faults):
    """The guard of the table."""
    assert set(EXCEPTIONS) <= set().union(*new_faults.values())


def test_exiftool_sees_faults(tmp_path):
    """The guard of the tests above; of the JPEG in which nothing is amiss it knows no maker."""
    (tmp_path / "a.jpg").write_bytes(everything("JPEG"))
    (tmp_path / "b.jpg").write_bytes(full_jpeg())
    (tmp_path / "c.tif").write_bytes(saved(picture(), "TIFF"))
    found = faults(tmp_path)
    assert "Missing required JPEG IFD0 tag 0x0213 YCbCrPositioning" in found["a.jpg"]
    assert found["b.jpg"] == {"Unrecognized MakerNotes"}
    assert "Missing required TIFF IFD0 tag 0x011a XResolution" in found["c.tif"]
