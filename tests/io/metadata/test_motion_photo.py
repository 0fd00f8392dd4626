"""The film of a motion photo: told of, or carried along to where it is looked for."""

import io
import json
import re
import struct

import numpy as np
import pytest
from attached import FILM, both, googles, jpeg, micro, samsungs, trailer
from click.testing import CliRunner
from PIL import Image

from noiser.cli import group
from noiser.engine.enhancer import Enhancer
from noiser.io.image_file import decode, encode
from noiser.io.limits import Limits
from noiser.io.metadata.attachments.motion_photo import film_in
from noiser.io.output_options import OutputOptions
from noiser.jobs.batch.resume import job_key
from noiser.jobs.gigapixel import enhance_file
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

LEFT_OUT = "the film of a motion photo was left out; --keep-attachments carries it along"
KINDS = {"google": googles, "micro": micro, "samsung": samsungs, "both": both}


@pytest.fixture(scope="module")
def enhancer():
    """The one that all pictures get."""
    return Enhancer()


def kept(data, enhancer, **options):
    """A file that is made with its film, and the note."""
    output = OutputOptions(attachments=True, **options)
    made, _, _, note = enhance_bytes(data, JobOptions(enhancer, output=output))
    return made, note


def lengths(data):
    """What XMP says of the film's way from the end, in the new way and in the older."""
    return (
        [int(n) for n in re.findall(rb'"MotionPhoto" Item:Length="(\d+)"', data)],
        [int(n) for n in re.findall(rb'MicroVideoOffset="(\d+)"', data)],
    )


def ways(data):
    """Both together."""
    return [way for found in lengths(data) for way in found]


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_is_told_of_with_the_option_that_keeps_it(kind, enhancer):
    """The new file has neither film nor claim."""
    data = KINDS[kind]()
    made, _, _, note = enhance_bytes(data, JobOptions(enhancer))

    assert note == LEFT_OUT
    assert made.endswith(b"\xff\xd9")
    assert b"ftyp" not in made
    assert b"MotionPhoto" not in made
    assert b"MicroVideo" not in made


@pytest.mark.parametrize(
    "data",
    [
        googles(is_counted=False),
        jpeg() + FILM,
        jpeg() + b"MotionPhoto_Data" + FILM + b"SEFH" + bytes(16) + b"SEFT",
    ],
)
def test_a_film_that_nothing_counts_is_found(data):
    """Where XMP or the directory was damaged, or taken away by another program."""
    assert decode(data).metadata["film"].data == FILM


def test_a_claim_without_a_film_is_no_film(enhancer):
    """Another program dropped it before: nothing is left out, and nothing is claimed on."""
    data = googles()[: -len(FILM)]
    made, note = kept(data, enhancer)

    assert note is None
    assert b"MotionPhoto" not in made


@pytest.mark.parametrize("kind", KINDS)
def test_a_kept_film_is_in_the_output_byte_for_byte(kind, enhancer):
    """Once, behind the picture, which is the one without it."""
    data = KINDS[kind]()
    made, note = kept(data, enhancer)
    plain, *_ = enhance_bytes(data, JobOptions(enhancer))

    assert note is None
    assert made.count(FILM) == 1
    with Image.open(io.BytesIO(made)) as image:
        image.load()
        np.testing.assert_array_equal(np.asarray(image), decode(plain).pixels)


@pytest.mark.parametrize("kind", ["google", "both"])
def test_googles_directory_counts_to_the_kept_film(kind, enhancer):
    """From the file's end, over what is behind the film."""
    made, _ = kept(KINDS[kind](), enhancer)
    found, older = lengths(made)

    assert older == []
    assert [made[-n:].startswith(FILM) for n in found] == [True]


def test_the_older_way_counts_to_the_kept_film_too(enhancer):
    """Both ways are written, with the moment that the picture shows."""
    made, _ = kept(micro(), enhancer)
    found, older = lengths(made)

    assert [made[-n:].startswith(FILM) for n in found + older] == [True, True]
    assert b'MicroVideoPresentationTimestampUs="70"' in made
    assert b'MotionPhotoPresentationTimestampUs="70"' in made


@pytest.mark.parametrize("kind", ["samsung", "both"])
def test_samsungs_directory_leads_to_the_kept_film(kind, enhancer):
    """Read as its reader does: backwards from the end."""
    made, _ = kept(KINDS[kind](), enhancer)
    assert made.endswith(b"SEFT")
    at = len(made) - 8 - struct.unpack("<L", made[-8:-4])[0]
    mark, _, count = struct.unpack_from("<4sLL", made, at)
    _, number, back, size = struct.unpack_from("<HHLL", made, at + 12)
    block = made[at - back : at - back + size]

    assert (mark, count, number) == (b"SEFH", 1, 0x0A30)
    assert block == struct.pack("<HHL", 0, 0x0A30, 16) + b"MotionPhoto_Data" + FILM


@pytest.mark.parametrize("kind", KINDS)
def test_a_kept_film_is_found_and_kept_again(kind, enhancer):
    """An output is as good an input."""
    made, _ = kept(KINDS[kind](), enhancer)
    again, _ = kept(made, enhancer)

    assert decode(made).metadata["film"].data == FILM
    assert decode(again).metadata["film"].data == FILM
    assert lengths(again) == lengths(made)


def test_what_xmp_says_beside_stays_with_a_kept_film(enhancer):
    """The rating, and the moment that the picture shows."""
    made, _ = kept(googles(), enhancer)

    assert b'xmp:Rating="4"' in made
    assert b'MotionPhotoPresentationTimestampUs="500"' in made


@pytest.mark.parametrize("kind", KINDS)
def test_strips_keep_a_film_too(kind, enhancer, tmp_path):
    """The same bytes behind the picture."""
    source, target = tmp_path / "x.jpg", tmp_path / "y.jpg"
    source.write_bytes(KINDS[kind]())
    limits = Limits(max_whole_pixels=100)
    options = JobOptions(enhancer, limits, OutputOptions(attachments=True))
    made = enhance_file(source, target, options)
    data = target.read_bytes()

    assert made.note is None
    assert data.count(FILM) == 1
    assert decode(data).metadata["film"].data == FILM
    assert all(data[-n:].startswith(FILM) for n in ways(data))


@pytest.mark.parametrize(
    "options", [{"format": "PNG"}, {"metadata": "none"}, {"metadata": "no-location"}]
)
def test_where_a_film_cannot_stay_no_option_is_named(options, enhancer):
    """A PNG has no room for it, and a film can tell where it was taken."""
    made, note = kept(googles(), enhancer, **options)

    assert note == "the film of a motion photo was left out"
    assert FILM not in made


def test_a_photo_that_is_written_again_has_no_film():
    """Only who asks for it gets one, with what leads to it."""
    assert FILM not in encode(decode(googles()))


def test_xmp_may_count_in_an_element():
    """Properties are attributes or elements, as their writer likes."""
    packet = b"<x:a xmlns:x='x' xmlns:G='g'><G:MicroVideoOffset>%d</G:MicroVideoOffset></x:a>"
    film = film_in(io.BytesIO(jpeg() + FILM), packet % len(FILM))

    assert film is not None
    assert film.data == FILM


@pytest.mark.parametrize("packet", [b"", b"<", b"<a b='1'/>"])
@pytest.mark.parametrize("behind", [b"", b"SEFT", bytes(4) + b"SEFT", b"\xff" * 4 + b"SEFT"])
def test_damaged_trailers_have_no_film(packet, behind):
    """They never stop a picture."""
    assert film_in(io.BytesIO(jpeg() + behind), packet) is None


def test_a_cut_trailer_has_no_film_or_part_of_it():
    """Wherever it breaks off."""
    data = jpeg() + trailer()
    for stop in range(len(jpeg()), len(data), 7):
        film = film_in(io.BytesIO(data[:stop]), b"")
        assert film is None or film.data.startswith(FILM[:8])


def test_the_option_is_part_of_what_an_output_is_made_of(enhancer):
    """With it an output is made again; without it old journals hold."""
    plain = job_key(JobOptions(enhancer), None)

    assert job_key(JobOptions(enhancer, output=OutputOptions(attachments=True)), None) != plain


def test_the_command_line_keeps_a_film(tmp_path):
    """And tells of it where it does not; `info` lists it."""
    path = tmp_path / "x.jpg"
    path.write_bytes(googles())
    target = tmp_path / "x_enhanced.jpg"
    run = CliRunner().invoke
    told = json.loads(run(group, ["enhance", str(path), "--json"]).stdout)
    assert told["files"][0]["message"] == LEFT_OUT

    words = ["enhance", str(path), "--json", "--overwrite", "--keep-attachments"]
    told = json.loads(run(group, words).stdout)
    assert told["files"][0]["message"] is None
    assert target.read_bytes().endswith(FILM)
    described = json.loads(run(group, ["info", str(target), "--json"]).stdout)
    assert "the film of a motion photo" in described["metadata"]


@pytest.mark.parametrize("word", ["--strip-metadata", "--strip-location"])
def test_a_film_is_not_asked_for_where_it_would_tell_the_place(word, tmp_path):
    """One word takes back what the other asks for."""
    (tmp_path / "x.jpg").write_bytes(googles())
    ran = CliRunner().invoke(group, ["enhance", f"{tmp_path}/x.jpg", "--keep-attachments", word])

    assert ran.exit_code == 2
    assert "--keep-attachments keeps a film" in ran.stderr


@pytest.mark.parametrize(
    "name",
    [
        "PXL_1.MP.jpg",
        "samsung_motion.jpg",
        "cases/attached-parts-silent/motion_google.jpg",
        "cases/attached-parts-silent/motion_samsung.jpg",
    ],
)
def test_the_films_that_went_silently_are_kept(name, shared_data, enhancer):
    """Those by which it was found: all of the film from its beginning."""
    data = (shared_data / "edges" / name).read_bytes()
    film = decode(data).metadata["film"].data
    made, note = kept(data, enhancer)

    assert film[4:8] == b"ftyp"
    assert film in data
    assert note is None
    assert made.count(film) == 1
    assert all(made[-n:].startswith(film) for n in ways(made))


def test_an_output_with_a_film_that_its_user_changed_is_no_damaged_one(tmp_path, enhancer):
    """A film can hold what a JPEG that breaks off holds behind its last end."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/x.jpg").write_bytes(googles())
    target = tmp_path / "out/x.jpg"
    words = ["enhance", f"{tmp_path}/in", "-o", f"{tmp_path}/out", "--keep-attachments"]
    CliRunner().invoke(group, words)
    changed, _ = kept(googles(), enhancer, software=True)
    assert changed != target.read_bytes()
    target.write_bytes(changed)
    CliRunner().invoke(group, words)

    assert target.read_bytes() == changed
