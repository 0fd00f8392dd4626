"""Messages: tasks and results as JSON, to worker processes and into the journal.

Paths that are no text are said as Python escapes their bytes.
"""

import base64
import dataclasses
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from noiser.engine.enhancer import Enhancer
from noiser.io.files import FileMark
from noiser.io.limits import Limits
from noiser.io.metadata.embedded_settings import Settings
from noiser.io.output_options import OutputOptions
from noiser.jobs.job import Result, Task
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.jobs.workers.frames import Told
from noiser.model import network
from noiser.statistics.light_grid import LightGrid
from noiser.statistics.moments import Moments


def from_options(options: JobOptions) -> Told:
    """Describe a job's options, weights and all, so that another process gives the same bytes."""
    enhancer, moments = options.enhancer, options.moments
    return {
        "enhancer": enhancer.settings(),
        "weights": base64.b64encode(network.to_bytes(enhancer.network)).decode("ascii"),
        "limits": dataclasses.asdict(options.limits),
        "delivery": dataclasses.asdict(options.output),
        "overwrite": options.overwrite,
        "moments": None if moments is None else packed(moments),
        "compare": options.compare,
        "keep_times": options.keep_times,
        "salvage": options.salvage,
    }


def to_options(message: Told) -> JobOptions:
    """Build a job's options as they were described."""
    weights = network.from_bytes(base64.b64decode(message["weights"]))
    output = dict(message["delivery"])
    if settings := output["settings"]:
        output["settings"] = Settings(**{name: _frozen(v) for name, v in settings.items()})
    return JobOptions(
        Enhancer(**message["enhancer"], weights=weights),
        Limits(**message["limits"]),
        OutputOptions(**output),
        message["overwrite"],
        None if message["moments"] is None else unpacked(message["moments"]),
        message["compare"],
        message["keep_times"],
        message["salvage"],
    )


def from_task(task: Task) -> Told:
    """Describe a task."""
    files = {"input": str(task.item.input), "output": str(task.item.output)}
    return {**files, "kind": task.kind, "renew": task.renew}


def to_task(message: Told) -> Task:
    """Build a task as it was described."""
    item = Item(Path(message["input"]), Path(message["output"]))
    return Task(item, message["kind"], message["renew"])


def from_result(result: Result) -> Told:
    """Describe a result, but for its item."""
    return {
        "status": result.status,
        "message": result.message,
        "width": result.width,
        "height": result.height,
        "source": from_mark(result.source),
        "target": from_mark(result.target),
        "moments": None if result.moments is None else packed(result.moments),
    }


def to_result(item: Item, message: Told) -> Result:
    """Build the result of an item as it was described."""
    marks = {name: _to_mark(message[name]) for name in ("source", "target")}
    moments = None if message["moments"] is None else unpacked(message["moments"])
    return Result(item, **message | marks | {"moments": moments})


def from_mark(mark: FileMark | None) -> list[int | None] | None:
    """Describe the state of a file."""
    return None if mark is None else [mark.size, mark.mtime_ns, mark.crc32]


def _to_mark(message: Any) -> FileMark | None:
    return None if message is None else FileMark(*message)


def packed(moments: Moments) -> str:
    """Write moments as text, without a loss: some 4 KB.

    Example:
        >>> from noiser.statistics.moments import PAIRS, TAPS
        >>> few = Moments("zero", 1, (2,) * TAPS, (3,) * PAIRS)
        >>> unpacked(packed(few)) == few
        True
    """
    told = dataclasses.asdict(dataclasses.replace(moments, grid=None))
    if moments.grid is not None:
        told["grid"] = [moments.grid.shift, moments.grid.sums.tolist()]
    text = json.dumps(told, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode("ascii"))).decode("ascii")


def unpacked(text: str) -> Moments:
    """Read moments that were packed.

    Raises:
        ValueError: These are none.
    """
    try:
        entry = json.loads(zlib.decompress(base64.b85decode(text)))
    except zlib.error as error:
        raise ValueError("damaged moments") from error
    if entry.get("grid"):
        shift, sums = entry.pop("grid")
        entry["grid"] = LightGrid(shift, np.array(sums, np.int64))
    return Moments(**{name: _frozen(value) for name, value in entry.items()})


def _frozen(value: Any) -> Any:
    """Turn the lists of JSON into tuples, however deep."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
