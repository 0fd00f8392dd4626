"""OpenCV's methods: the same bytes as the lab's, on the threads that were asked for."""

import cv2
import pytest
from experiments import classical

from noiser.tools.rivals import opencv


@pytest.fixture(autouse=True)
def _own_threads():
    """Leave OpenCV's number of threads as it was."""
    threads = cv2.getNumThreads()
    yield
    cv2.setNumThreads(threads)


@pytest.mark.parametrize(
    ("load", "method"),
    [(opencv.clahe, classical.clahe), (opencv.equalization, classical.equalized)],
)
def test_it_is_the_lab_s_method(dark_photo, load, method):
    low = dark_photo(50, 70)

    assert load(1)(low).tolist() == method(low).tolist()


@pytest.mark.parametrize("load", [opencv.clahe, opencv.equalization])
def test_it_computes_on_as_many_threads_as_it_was_given(load):
    cv2.setNumThreads(1)
    load(2)

    assert cv2.getNumThreads() == 2
