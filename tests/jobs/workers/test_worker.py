"""A worker: what the command line does, in memory; and its end when its pool is gone."""

import io
import json
import os
import resource
import signal
import socket
import subprocess
import threading
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from noiser.engine.enhancer import Enhancer
from noiser.io.image_file import identify
from noiser.io.limits import MEGA, Limits
from noiser.io.output_options import OutputOptions
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions
from noiser.jobs.workers import picture_jobs
from noiser.jobs.workers.frames import opening, read_frame
from noiser.jobs.workers.process import COMMAND, Setting
from noiser.jobs.workers.worker import Worker, warm_up
from noiser.statistics.moments import Moments

ASKED = {
    "do": "enhance",
    "options": {},
    "format": None,
    "metadata": "keep",
    "profile": "keep",
    "quality": None,
    "max_size": None,
    "limits": asdict(Limits()),
    "max_weight": 100 * MEGA,
}


def file_of(pixels, format_="PNG"):
    """Save a picture."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format_)
    return buffer.getvalue()


TRUNCATED = file_of(np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8))[:900]


class Asked:
    """The pool's end of a line to a worker that runs in a thread."""

    def __init__(self):
        self._end, theirs = socket.socketpair()
        self._stream = self._end.makefile("rb")

        def work():
            with theirs, theirs.makefile("rb") as stream:
                Worker(stream, theirs).serve()

        self._thread = threading.Thread(target=work)
        self._thread.start()
        assert self.hear() == ({"ready": True}, b"")

    def hear(self):
        """Wait for a frame."""
        return read_frame(self._stream)

    def ask(self, told, data):
        """Have something done; the frames until the result, of which what is in it."""
        self._end.sendall(opening(told, len(data)) + data)
        frames = [self.hear()]
        while "weight" in frames[-1][0]:
            frames.append(self.hear())
        *before, (told, made) = frames
        return [*before, (told["result"], made)]

    def end(self):
        """Hang up, and wait for its end."""
        self._end.shutdown(socket.SHUT_WR)
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._stream.close()
        self._end.close()


@pytest.fixture
def worker():
    """A worker that ends when the line does."""
    found = Asked()
    yield found
    found.end()


def test_a_picture_comes_out_as_from_the_command_line(worker, dark_photo):
    """Weight first, so that the server knows how long it may take."""
    data = file_of(dark_photo(60, 80), "JPEG")
    told = ASKED | {"options": {"brightness": 0.25}, "format": "PNG", "metadata": "none"}

    weight, (answer, made) = worker.ask(told, data)

    delivery = OutputOptions("PNG", "none")
    treatment = JobOptions(Enhancer(brightness=0.25), output=delivery)
    assert weight == ({"weight": 4800}, b"")
    assert answer == {"format": "PNG", "width": 80, "height": 60, "note": None}
    assert made == enhance_bytes(data, treatment)[0]


def test_a_large_picture_is_done_like_a_small_one(worker):
    """Its memory is handed back afterwards."""
    data = file_of(np.full((2001, 2001, 3), 9, np.uint8))

    _, (answer, _) = worker.ask(ASKED, data)

    assert (answer["width"], answer["height"]) == (2001, 2001)


def test_measuring_tells_sums_that_add_up(worker, dark_photo):
    """They make the same moments as the library's, integer for integer."""
    photo = dark_photo(60, 80)

    _, (answer, data) = worker.ask(ASKED | {"do": "measure"}, file_of(photo))

    answer = json.loads(json.dumps(answer))
    told = {k: tuple(v) if isinstance(v, list) else v for k, v in answer["moments"].items()}
    assert Moments(**told) == Enhancer(local=0).measure(photo)
    assert (answer["width"], answer["height"], data) == (80, 60, b"")


def test_the_light_of_even_gray_is_worked_out_by_hand():
    """51 of 255 is a fifth; no noise is below that of rounding."""
    answer, _ = picture_jobs.measure(identify(file_of(np.full((40, 40, 3), 51, np.uint8))), ASKED)

    light = answer["light"]
    assert light["mean"] == pytest.approx(0.2, abs=1 / 1020)
    assert light["quantiles"]["0.5"] == pytest.approx(0.2, abs=1 / 1020)
    assert light["noise"] == pytest.approx(0.3 / 255)
    assert 0.1 <= light["need"] <= 1


@pytest.mark.parametrize(
    ("data", "kind", "sentence"),
    [
        (b"", "UnsupportedError", "the file is empty"),
        (b"hello", "UnsupportedError", "no image that noiser knows"),
        (TRUNCATED, "DecodeError", "damaged PNG data"),
    ],
    ids=["empty", "text", "broken off"],
)
def test_what_is_no_picture_is_told_by_kind_and_sentence(worker, data, kind, sentence):
    ((answer, made),) = worker.ask(ASKED, data)[-1:]

    assert (answer["error"], made) == (kind, b"")
    assert answer["message"].startswith(sentence)


def test_a_picture_as_heavy_as_allowed_passes_and_a_heavier_one_does_not(worker):
    """Floats weigh six times as much as 8 bits."""
    floats = file_of(np.zeros((1000, 1000), np.float32), "TIFF")

    assert "error" not in worker.ask(ASKED | {"max_weight": 6_000_000}, floats)[-1][0]
    assert worker.ask(ASKED | {"max_weight": 5_999_999}, floats)[-1][0] == {
        "error": "LimitError",
        "message": "takes as much memory as 6 megapixels of 8 bits; the limit is 6",
    }


def test_a_fault_of_ours_is_told_and_the_worker_goes_on(worker):
    data = file_of(np.zeros((9, 9, 3), np.uint8))

    ((answer, _),) = worker.ask(ASKED | {"do": "sleep"}, data)[-1:]

    assert answer == {"error": "fault", "message": "KeyError: 'sleep'"}
    assert "error" not in worker.ask(ASKED, data)[-1][0]


def test_too_little_memory_is_a_limit():
    assert picture_jobs.failed(MemoryError()) == {
        "error": "LimitError",
        "message": "there is not enough memory for it",
    }


def test_a_worker_warms_up_with_a_picture_of_its_own():
    """What it needs is loaded then; nothing is left of it."""
    assert warm_up() is None


SETTING = Setting(2 << 30, niceness=3, is_warm=True)


@pytest.fixture
def process():
    """A worker process, and our end of its line, when it is ready."""
    end, theirs = socket.socketpair()
    with theirs:
        started = subprocess.Popen(
            [*COMMAND, json.dumps(asdict(SETTING)), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
        )
    with end.makefile("rb") as stream:
        assert read_frame(stream) == ({"ready": True}, b"")
    yield started, end
    end.close()
    started.kill()
    started.wait()


def test_a_worker_is_bound_and_nice_as_its_setting_says(process):
    worker, _ = process

    assert resource.prlimit(worker.pid, resource.RLIMIT_AS) == (2 << 30, 2 << 30)
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == os.nice(0) + 3


def test_a_worker_ends_when_the_server_hangs_up(process):
    worker, end = process

    end.shutdown(socket.SHUT_WR)

    assert worker.wait(20) == 0


def test_a_worker_ends_in_mid_picture_when_the_server_is_gone(process):
    """As after SIGKILL. As an AVIF this one would take a minute."""
    worker, end = process
    data = file_of(np.random.default_rng(0).integers(0, 255, (4000, 6000), np.uint8))
    end.sendall(opening(ASKED | {"format": "AVIF"}, len(data)) + data)
    with end.makefile("rb") as stream:
        assert "weight" in read_frame(stream)[0]

    end.close()

    assert worker.wait(5) == 1


def test_signals_for_all_of_a_service_do_not_end_a_worker(process):
    """The server ends it, when its picture is done."""
    worker, end = process
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(worker.pid, number)
    data = file_of(np.zeros((9, 9, 3), np.uint8))

    end.sendall(opening(ASKED, len(data)) + data)

    with end.makefile("rb") as stream:
        assert "weight" in read_frame(stream)[0]
        assert read_frame(stream)[0]["result"]["format"] == "PNG"
