"""NoiSER's network in onnxruntime and OpenVINO: whole, and folded by us and run in strips.

Whole is what exporting the network gives: instance normalization waits for the whole hidden
layer, which goes to memory and back. Folded is what we do, in their kernels: `measure` and `fold`
are ours and are part of the time; the local filter runs in strips that stay in cache, each thread
on its own strip, which is faster than all threads on one.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from queue import SimpleQueue
from typing import Any

import numpy as np

from noiser.core.errors import RivalError
from noiser.core.types import ByteImage, Weights
from noiser.engine.enhancer import Enhancer
from noiser.look.fold import NETWORK_HALO, fold
from noiser.model import network
from noiser.tools.rivals import onnx_graph

STRIP_ROWS = 32
"""Rows of a strip without its halo: 16 to 64 were alike at 1920 columns [pixels]."""

_Enhance = Callable[[ByteImage], ByteImage]


def onnxruntime_whole(threads: int) -> _Enhance:
    """Give the network in onnxruntime, all of its threads on the one picture."""
    session = _loader(threads)(onnx_graph.whole(network.packaged("paper")))

    def enhance(low: ByteImage) -> ByteImage:
        enhanced: ByteImage = session.run(None, {"low": low[None]})[0][0]
        return enhanced

    return enhance


def onnxruntime_folded(threads: int) -> _Enhance:
    """Give the folded filter in onnxruntime, in strips.

    Each picture gets a session of its own, which takes some milliseconds: weights that are inputs
    would keep onnxruntime from its blocked layout.
    """
    load = _loader(1)
    pool = ThreadPoolExecutor(threads)
    measure_and_fold = _folding(threads)

    def enhance(low: ByteImage) -> ByteImage:
        session = load(onnx_graph.local_filter(network.packaged("paper"), measure_and_fold(low)))
        return in_strips(low, lambda strip: session.run(None, {"low": strip[None]})[0][0], pool)

    return enhance


def openvino_whole(threads: int, precision: str = "f32") -> _Enhance:
    """Give the network in OpenVINO, compiled for a picture's size when it first comes.

    Args:
        threads: To compute on.
        precision: Of its arithmetic, `f32` or `bf16`.

    Returns:
        The network as a function.

    Raises:
        RivalError: This processor does not compute in that precision.
    """
    compiled = _compiler(threads, precision, streams=1)

    @cache
    def request(height: int, width: int) -> Any:
        graph = onnx_graph.whole(network.packaged("paper"))
        return compiled(graph, height, width).create_infer_request()

    def enhance(low: ByteImage) -> ByteImage:
        inputs = {"low": low[None]}
        enhanced: ByteImage = request(*low.shape[:2]).infer(inputs, share_inputs=True)[0][0]
        return enhanced

    return enhance


def openvino_folded(threads: int, precision: str = "f32") -> _Enhance:
    """Give the folded filter in OpenVINO, in strips, a stream for each thread.

    Weights are inputs, because compiling the filter for each picture would take longer.

    Args:
        threads: To compute on.
        precision: Of its arithmetic, `f32` or `bf16`.

    Returns:
        The filter as a function.

    Raises:
        RivalError: This processor does not compute in that precision.
    """
    compiled = _compiler(threads, precision, streams=threads)
    pool = ThreadPoolExecutor(threads)
    measure_and_fold = _folding(threads)

    @cache
    def requests(height: int, width: int) -> SimpleQueue[Any]:
        model = compiled(onnx_graph.local_filter(network.packaged("paper")), height, width)
        queue: SimpleQueue[Any] = SimpleQueue()
        for _ in range(threads):
            queue.put(model.create_infer_request())
        return queue

    def enhance(low: ByteImage) -> ByteImage:
        weight, bias = measure_and_fold(low)
        free = requests(min(STRIP_ROWS + 2 * NETWORK_HALO, len(low)), low.shape[1])

        def run(strip: ByteImage) -> ByteImage:
            request = free.get()
            try:
                inputs = {"low": strip[None], "first_weight": weight, "first_bias": bias}
                enhanced: ByteImage = request.infer(inputs, share_inputs=True)[0][0]
                return enhanced
            finally:
                free.put(request)

        return in_strips(low, run, pool)

    return enhance


def in_strips(low: ByteImage, run: _Enhance, pool: ThreadPoolExecutor) -> ByteImage:
    """Run a filter over strips with a halo, all as high as each other.

    Args:
        low: uint8 [H,W,3] in [0, 255], sRGB.
        run: Filters a strip. What it makes of the halo is thrown away, but at the picture's own
            borders, where its padding is the picture's.
        pool: Its threads share the strips.

    Returns:
        uint8 [H,W,3] in [0, 255], sRGB.
    """
    enhanced = np.empty_like(low)
    rows = len(low)
    window = min(STRIP_ROWS + 2 * NETWORK_HALO, rows)

    def one(start: int) -> None:
        stop = min(start + STRIP_ROWS, rows)
        top = min(max(start - NETWORK_HALO, 0), rows - window)
        enhanced[start:stop] = run(low[top : top + window])[start - top : stop - top]

    list(pool.map(one, range(0, rows, STRIP_ROWS)))
    return enhanced


def _folding(threads: int) -> Callable[[ByteImage], tuple[Weights, Weights]]:
    """Measure a picture and give the first convolution with the normalization in it."""
    ours = Enhancer("paper", threads=threads)

    def measured(low: ByteImage) -> tuple[Weights, Weights]:
        return onnx_graph.first_convolution(fold(ours.network, ours.measure(low)))

    return measured


def _loader(threads: int) -> Callable[[bytes], Any]:
    """Give what loads a graph into onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads

    def load(graph: bytes) -> Any:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    return load


def _compiler(threads: int, precision: str, streams: int) -> Callable[[bytes, int, int], Any]:
    """Give what compiles a graph for pictures of one size in OpenVINO."""
    import openvino

    core = openvino.Core()
    capable = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and "BF16" not in capable:
        raise RivalError("this processor has no bfloat16 arithmetic")
    options = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": precision,
    }

    def compiled(graph: bytes, height: int, width: int) -> Any:
        model = core.read_model(graph)
        model.reshape({"low": [1, height, width, 3]})
        return core.compile_model(model, "CPU", options)

    return compiled
