"""Bands: how an image is cut into them, and that nothing gets lost in a thread."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pytest

from noiser import Enhancer
from noiser.engine import kernels, tiling


@pytest.fixture(scope="module")
def photo(dark_photo):
    """Give one photograph, of more than one band."""
    return dark_photo(90, 40, seed=8)


class Recorder:
    """A kernel that measures and renders by another, and writes down the tiling."""

    name = "recorder"

    def __init__(self):
        self.measured, self.rendered = [], []

    def measure(self, pixels, region, *settings, **named):
        """Note the band."""
        self.measured.append(region)
        return kernels.reference.measure(pixels, region, *settings, **named)

    def render(self, pixels, region, params, out, origin):
        """Note the band."""
        self.rendered.append(region)
        kernels.reference.render(pixels, region, params, out, origin)


def bands_of(height, width, threads, region=None):
    """Cut an image as an enhancer does to render it: the rows of each band."""
    return rows_of(recorded(height, width, threads, region).rendered)


def recorded(height, width, threads, region=None):
    """Measure and render an image and give the kernel that wrote it down."""
    tool = Enhancer("paper", threads=threads)
    tool.kernel = Recorder()
    image = np.broadcast_to(np.uint8(9), (height, width))
    tool.render(image, tool.measure(image, region), region)
    return tool.kernel


def rows_of(regions):
    """Give first and last row of each region, sorted."""
    return sorted((rows.start, rows.stop) for rows, _ in regions)


def test_a_small_image_is_one_band():
    """32 rows are the least that is worth a band."""
    assert bands_of(32, 5, threads=2) == [(0, 32)]


def test_the_33rd_row_begins_a_new_band():
    """The last band has what is left."""
    assert bands_of(33, 5, threads=2) == [(0, 32), (32, 33)]


@pytest.mark.parametrize(("most", "shares"), [(300, 4), (599, 2), (600, 2), (601, 1)])
def test_a_thread_gets_up_to_four_bands(monkeypatch, most, shares):
    """800 rows of 3 for 2 threads, as many as 300, 599, ... pixels a band allow."""
    monkeypatch.setattr(tiling, "MIN_BAND_PIXELS", most)
    rows = 800 // (2 * shares)

    assert bands_of(800, 3, threads=2) == [(r, r + rows) for r in range(0, 800, rows)]


def test_to_measure_a_thread_gets_one_band(monkeypatch):
    """However many pixels there are: adding up has its costs too."""
    monkeypatch.setattr(tiling, "MIN_BAND_PIXELS", 1)

    assert rows_of(recorded(800, 3, threads=2).measured) == [(0, 400), (400, 800)]


def test_a_picture_of_few_pixels_is_a_band_for_each_thread():
    """800 rows of 3 for 2 threads: a band has its costs."""
    assert bands_of(800, 3, threads=2) == [(0, 400), (400, 800)]


def test_rows_that_do_not_share_out_evenly_make_no_band_more():
    """801 rows for 2 threads: still 2 tiling, of 401 rows and of what is left."""
    assert bands_of(801, 3, threads=2) == [(0, 401), (401, 801)]


def test_the_bands_of_a_region_lie_in_the_region():
    """They begin and end with its rows."""
    assert bands_of(200, 5, 2, np.s_[50:130, 1:4]) == [(50, 90), (90, 130)]


def test_a_band_has_a_bounded_number_of_pixels(monkeypatch):
    """Wide images have thinner bands: 70 pixels at most are 3 rows of 20."""
    monkeypatch.setattr(tiling, "MAX_BAND_PIXELS", 70)

    assert bands_of(7, 20, threads=1) == [(0, 3), (3, 6), (6, 7)]


def test_a_large_picture_has_as_many_bands_for_each_thread(monkeypatch):
    """Of 12 rows 5 might be a band: 3 of them would leave a thread without work."""
    monkeypatch.setattr(tiling, "MAX_BAND_PIXELS", 100)
    monkeypatch.setattr(tiling, "MIN_BAND_ROWS", 1)

    assert bands_of(12, 20, threads=2) == [(0, 3), (3, 6), (6, 9), (9, 12)]


def test_a_row_wider_than_a_band_may_be_is_a_band(monkeypatch):
    """One row at least, or nothing would ever be done."""
    monkeypatch.setattr(tiling, "MAX_BAND_PIXELS", 10)

    assert bands_of(2, 20, threads=1) == [(0, 1), (1, 2)]


def test_a_fault_in_a_thread_reaches_the_caller(photo):
    """No band fails in silence."""

    class Broken(Recorder):
        """A kernel that gives up in the second band."""

        def measure(self, pixels, region, *settings, **named):
            """Fail."""
            if region[0].start:
                raise MemoryError
            return super().measure(pixels, region, *settings, **named)

    tool = Enhancer(threads=2)
    tool.kernel = Broken()

    with pytest.raises(MemoryError):
        tool.enhance(photo)


def test_a_fault_of_the_caller_waits_for_the_helpers(photo, monkeypatch):
    """When it is told, nobody is at work any more, and no further band was begun."""
    monkeypatch.setattr(tiling, "MAX_BAND_PIXELS", 400)
    begun, ended = [], []

    class Broken(Recorder):
        """A kernel that gives up in the caller's thread, and takes its time in another."""

        def measure(self, pixels, region, *settings, **named):
            """Fail or wait."""
            if threading.current_thread() is threading.main_thread():
                while not begun:
                    time.sleep(0.001)
                raise MemoryError
            begun.append(region)
            time.sleep(0.05)
            ended.append(region)
            return super().measure(pixels, region, *settings, **named)

    tool = Enhancer(threads=2)
    tool.kernel = Broken()

    with pytest.raises(MemoryError):
        tool.measure(photo)

    assert len(begun) == len(ended) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(dark_photo):
    """Its parent's are not there: in both, two threads meet."""
    image, tool = dark_photo(200, 40, seed=1), Enhancer(threads=2)

    class Meeting(Recorder):
        """A kernel that waits for another thread."""

        def measure(self, pixels, region, *settings, **named):
            """Meet, then measure."""
            barrier.wait(5)
            return super().measure(pixels, region, *settings, **named)

    tool.kernel, barrier = Meeting(), threading.Barrier(2)
    expected = tool.measure(image)

    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            barrier = threading.Barrier(2)
            os._exit(0 if tool.measure(image) == expected else 1)
        os._exit(2)
    deadline = time.monotonic() + 20
    done, status = os.waitpid(child, os.WNOHANG)
    while not done and time.monotonic() < deadline:
        time.sleep(0.01)
        done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert done == child
    assert os.waitstatus_to_exitcode(status) == 0
