"""Watching: pictures are taken when they are complete, and each once."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from pictures import picture, saved
from PIL import Image
from tagged import everything

from noiser import Enhancer, MachineError, MissingExtraError
from noiser.io.image_file import decode
from noiser.io.metadata.embedded_settings import from_xmp
from noiser.io.output_options import OutputOptions
from noiser.jobs.batch import watch as watching
from noiser.jobs.batch.run import Runner
from noiser.jobs.batch.watch import PATIENCE, SETTLED_AFTER, Arrivals, watch
from noiser.jobs.job import Result
from noiser.jobs.options import JobOptions

PNG = saved(picture(), "PNG")


class _Folder:
    """A watched folder, with a clock of its own."""

    def __init__(self, path):
        self.path, self.now = path / "in", 1e9
        self.path.mkdir()
        self.arrivals = Arrivals(self.path, self.path / "out", now=lambda: self.now)

    def write(self, name, data, age=0.0):
        (self.path / name).parent.mkdir(exist_ok=True)
        (self.path / name).write_bytes(data)
        os.utime(self.path / name, (self.now - age,) * 2)

    def look(self):
        """Name what is ready, and the rest of its items for later."""
        self.items = self.arrivals.look()
        return [str(item.input.relative_to(self.path)) for item in self.items]

    def settle(self, status):
        return [self.arrivals.settle(Result(item, status)) for item in self.items]


@pytest.fixture
def folder(tmp_path):
    return _Folder(tmp_path)


def test_a_file_is_tried_when_it_was_left_alone_for_a_second(folder):
    folder.write("a.png", PNG[:20])
    assert folder.look() == []
    folder.now += SETTLED_AFTER - 0.1
    assert folder.look() == []
    folder.write("a.png", PNG)
    folder.now += SETTLED_AFTER - 0.1
    assert folder.look() == []
    assert folder.arrivals.is_waiting
    folder.now += 0.2
    assert folder.look() == ["a.png"]


def test_a_file_that_was_moved_in_is_tried_at_once(folder):
    folder.write("b/a.png", PNG, age=SETTLED_AFTER + 1)
    assert folder.look() == ["b/a.png"]


def test_what_is_done_is_done_once(folder):
    folder.write("a.png", PNG, age=10)
    folder.look()
    assert folder.settle("done") == [True]
    assert folder.look() == []
    assert not folder.arrivals.is_waiting


def test_what_is_changed_is_done_again(folder):
    folder.write("a.png", PNG, age=10)
    folder.look()
    folder.settle("done")
    folder.write("a.png", PNG + b"more", age=9)
    assert folder.look() == ["a.png"]


def test_a_file_that_cannot_be_read_is_only_called_damaged_after_a_while(folder):
    folder.write("a.png", PNG[:40])
    folder.look()
    folder.now += SETTLED_AFTER
    assert folder.look() == ["a.png"]
    assert folder.settle("failed") == [False]
    folder.now += 1
    assert folder.look() == []
    assert folder.arrivals.is_waiting
    folder.now += PATIENCE
    assert folder.look() == ["a.png"]
    assert folder.settle("failed") == [True]
    assert folder.look() == []
    folder.write("a.png", PNG)
    folder.now += SETTLED_AFTER
    assert folder.look() == ["a.png"]


def test_outputs_inside_and_hidden_files_are_left_out(folder):
    folder.write("out/a.png", PNG, age=10)
    folder.write(".a.png", PNG, age=10)
    assert folder.look() == []


def test_a_folder_that_is_gone_is_an_error_of_the_machine(folder):
    folder.path.rmdir()
    with pytest.raises(MachineError, match="in: the folder cannot be watched: there is no such"):
        folder.look()


class _Enough(Exception):  # noqa: N818
    """Ends a watch."""


def test_a_watch_goes_on_after_a_picture_that_fails_and_starts_again(tmp_path):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        (folder / name).write_bytes(PNG[:40] if name == "b.png" else PNG)
        os.utime(folder / name, (1, 1))
    told = []

    def on_result(result):
        told.append((result.item.input.name, result.status))
        if len(told) % 3 == 0:
            raise _Enough

    for _ in range(2):
        treatment = JobOptions(Enhancer(threads=1))
        with pytest.raises(_Enough), Runner(treatment) as runner:
            watch(folder, output, runner, on_result, news=threading.Event())
    assert sorted(told[:3]) == [("a.png", "done"), ("b.png", "failed"), ("c.png", "done")]
    assert sorted(told[3:]) == [("a.png", "kept"), ("b.png", "failed"), ("c.png", "kept")]


def test_outputs_are_named_by_the_format_asked_for(tmp_path):
    """As `enhance` names them: PNG bytes are never in a file that is called .jpg."""
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "night.jpg").write_bytes(saved(picture(), "JPEG"))
    os.utime(folder / "night.jpg", (1, 1))

    def on_result(_result):
        raise _Enough

    treatment = JobOptions(Enhancer(threads=1), output=OutputOptions("PNG"))
    with pytest.raises(_Enough), Runner(treatment) as runner:
        watch(folder, output, runner, on_result, news=threading.Event())
    made = {p.name: decode(p.read_bytes()).format for p in output.glob("[!.]*")}
    assert made == {"night.png": "PNG"}


def test_a_picture_that_arrives_later_gets_another_name(tmp_path):
    """It comes before the first in the order of names, and would have the same."""
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    told, news = [], threading.Event()

    def put(name, format_):
        (folder / name).write_bytes(saved(picture(), format_))
        os.utime(folder / name, (1, 1))

    def on_result(result):
        told.append((result.item.input.name, result.item.output.name, result.status))
        put("a.jpg", "JPEG")
        news.set()
        if len(told) == 2:
            raise _Enough

    put("a.tif", "TIFF")
    options = JobOptions(Enhancer(threads=1), output=OutputOptions("PNG"))
    with pytest.raises(_Enough), Runner(options) as runner:
        watch(folder, output, runner, on_result, news=news)
    assert told == [("a.tif", "a.png", "done"), ("a.jpg", "a-2.png", "done")]


def test_a_missing_extra_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'noiser\[watch\]'"):
        watching.watchfiles()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_takes_a_file_that_is_copied_in_slowly_whole(tmp_path, number, code):
    pytest.importorskip("watchfiles")
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "first.png").write_bytes(PNG)
    with subprocess.Popen(
        [sys.executable, "-m", "noiser", "watch", "in", "-o", "in/out", "--threads", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "first.png -> in/out/first.png\n"
        with (tmp_path / "in" / "sub" / "slow.png").open("wb", buffering=0) as slow:
            for at in range(0, len(PNG), 80):
                slow.write(PNG[at : at + 80])
                time.sleep(0.2)
        (tmp_path / "elsewhere.png").write_bytes(PNG)
        (tmp_path / "elsewhere.png").rename(tmp_path / "in" / "moved.png")
        lines = {process.stdout.readline() for _ in range(2)}
        process.send_signal(number)
        rest, stderr = process.communicate()
    names = ("sub/slow.png", "moved.png")
    assert lines == {f"{name} -> in/out/{name}\n" for name in names}
    assert (process.returncode, rest) == (code, "")
    assert stderr.strip() == ("noiser: interrupted" if code == 130 else "")
    assert decode((tmp_path / "in/out/sub/slow.png").read_bytes()).pixels.shape == (12, 16, 3)


def test_the_command_honours_the_options_of_files(tmp_path):
    """As `enhance` does: another format, no metadata, settings, a limit, and what is there."""
    pytest.importorskip("watchfiles")
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    output.mkdir()
    Image.new("RGB", (1001, 1000)).save(folder / "large.png")
    (folder / "night.jpg").write_bytes(everything())
    (output / "night.png").write_bytes(b"mine")
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    words = "--format png --strip-metadata --embed-settings --max-megapixels 1 --overwrite"
    with subprocess.Popen(
        [sys.executable, "-m", "noiser", "watch", "in", "-o", "out", "--color", "0.5",
         *words.split()],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        refused = process.stderr.readline()
        made = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert made == "night.jpg -> out/night.png\n"
    assert refused.startswith("noiser: large.png: 1001 x 1000 pixels are 1.0 megapixels; the limit")
    found = decode((output / "night.png").read_bytes())
    assert found.format == "PNG"
    assert dict(from_xmp(found.metadata["xmp"]).knobs)["color"] == 0.5
    assert "exif" not in found.metadata
