"""Messages: a treatment and a result come out at the other end as they went in."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from pictures import dark_rgb

from noiser import Enhancer
from noiser.io.files import FileMark
from noiser.io.limits import Limits
from noiser.io.output_options import OutputOptions
from noiser.jobs.job import Result, Task
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.jobs.workers.messages import (
    from_options,
    from_result,
    from_task,
    packed,
    to_options,
    to_result,
    to_task,
    unpacked,
)
from noiser.model.network import checksum, packaged


def through(message):
    """Say it in JSON, and read it again."""
    return json.loads(json.dumps(message))


def test_an_enhancer_gives_the_same_bytes_elsewhere():
    network = packaged("natural")
    network = dataclasses.replace(network, first_bias=network.first_bias * np.float32(1.01))
    enhancer = Enhancer(color=0.3, local=0.5, weights=network, threads=3)
    moments = enhancer.measure(dark_rgb())
    sent = JobOptions(enhancer, Limits(max_scans=7), OutputOptions("PNG"), True, moments)
    got = to_options(through(from_options(sent)))
    assert got.enhancer.look == enhancer.look
    assert checksum(got.enhancer.network) == checksum(network)
    assert (got.enhancer.kernel, got.enhancer.threads) == (enhancer.kernel, 3)
    assert (got.limits, got.output, got.overwrite) == (sent.limits, sent.output, True)
    assert got.moments == moments
    image = dark_rgb(40, 50)
    np.testing.assert_array_equal(got.enhancer.enhance(image), enhancer.enhance(image))


@pytest.mark.parametrize("look", ["natural", "paper"])
def test_looks_keep_their_padding(look):
    got = to_options(through(from_options(JobOptions(Enhancer(look)))))
    assert got.enhancer.look == Enhancer(look).look
    assert got.moments is None


def test_names_that_are_no_text_arrive():
    name = Path(os.fsdecode(b"\xff\xfe\n.png"))
    task = Task(Item(name, Path("out") / name), "measure", True)
    assert to_task(through(from_task(task))) == task


def test_results_arrive():
    item = Item(Path("a"), Path("b"))
    moments = Enhancer().measure(dark_rgb())
    marks = {"source": FileMark(1, 2**62, None), "target": FileMark(3, 4, 5)}
    for result in (
        Result(item, "failed", "ümläut"),
        Result(item, "measured", None, 16, 12, moments=moments, **marks),
    ):
        assert to_result(item, through(from_result(result))) == result


def test_moments_are_packed_without_a_loss_and_small():
    moments = Enhancer(local=1.0).measure(dark_rgb(300, 400))
    assert unpacked(packed(moments)) == moments
    assert len(packed(dataclasses.replace(moments, grid=None))) < 8000


@pytest.mark.parametrize("text", ["", "abc", "c%1E+$*yL_5"])
def test_what_are_no_moments_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"damaged moments|Expecting value|bad base85"):
        unpacked(text)
