"""Keeping: whether an output that is there is left, replaced, or made again and compared.

What noiser did not write is never replaced without `--overwrite`. What it wrote is known by the
journal, and replaced where it would come out otherwise now.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from noiser.core.errors import DecodeError, ImageError
from noiser.core.version import ALGORITHM_REVISION
from noiser.io.files import read_file
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.io.paths import is_taken
from noiser.jobs.batch.lines import Contents, Record, name_from
from noiser.jobs.job import format_of
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.model import network

CHANGED = "the output was changed since noiser wrote it and is kept; --overwrite replaces it"
ANOTHER = "the output is there already, made of {}, and is kept; --overwrite replaces it"
DIFFERENT = "the output is there already, is another picture, and is kept; --overwrite replaces it"


@dataclass(frozen=True)
class Decision:
    """What to do about an item."""

    action: Literal["make", "renew", "check", "keep"]
    """`make`: the output is not there. `renew`: it is, and is to be replaced. `check`: it is, and
    nobody knows whose; making it again tells. `keep`: it is, and stays."""

    message: str | None = None
    """What the user should know."""


class Keeper:
    """Decides about outputs that may be there, for a job's options.

    Args:
        options: The run's.
    """

    def __init__(self, options: JobOptions) -> None:
        self._options = options
        self._keys: dict[str | None, str] = {}

    def key(self, item: Item) -> str:
        """Name what is done to an item, see `job_key`."""
        format_ = format_of(item, self._options)
        if format_ not in self._keys:
            self._keys[format_] = job_key(self._options, format_)
        return self._keys[format_]

    def decide(self, item: Item, contents: Contents | None) -> Decision:
        """Decide about one item, by what is there and by the journal.

        Args:
            item: Its output may be there or not.
            contents: The journal's; None without one.

        Raises:
            MachineError: The output's folder may not be entered.
        """
        if not is_taken(item.output):
            return Decision("make")
        if self._options.overwrite:
            return Decision("renew")
        if contents is None or item.root is None:
            return Decision("keep")
        output = name_from(item.root, item.output)
        record = contents.done.get(output)
        if record is not None:
            return self._decide_by(record, item, name_from(item.root, item.input))
        known = contents.is_new or output in contents.kept
        return Decision("keep" if known else "check")

    def _decide_by(self, record: Record, item: Item, input_: str) -> Decision:
        """Decide about an output that noiser wrote once."""
        if not record.target.same_content(item.output):
            damaged = _is_damaged(item, self._options.limits)
            return Decision("renew") if damaged else Decision("keep", CHANGED)
        if record.source.same_content(item.input):
            return Decision("keep" if record.key == self.key(item) else "renew")
        if record.input != input_:
            return Decision("keep", ANOTHER.format(record.input))
        return Decision("renew")


def _is_damaged(item: Item, limits: Limits) -> bool:
    """Whether an output is no whole picture any more: nobody made it so on purpose."""
    try:
        data = read_file(item.output, limits.max_file_bytes)
    except ImageError:
        return False
    if not data.strip(b"\0"):
        return True
    try:
        film = decode(data, limits).metadata.get("film")
    except DecodeError:
        return True
    except ImageError:
        return False
    return not _has_its_end(data if film is None else data[: data.rfind(film.data)])


def _has_its_end(data: bytes) -> bool:
    """Look for the mark that ends a PNG or JPEG: decoders can do without, writers never do."""
    if data.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" in data
    return not data.startswith(b"\xff\xd8") or data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")


def job_key(options: JobOptions, format_: str | None) -> str:
    """Name all that the bytes of an output depend on, beside its input: 32 hexadecimal digits.

    The kernel and the threads are not in it, nor is what only says how large an input may be, nor
    noiser's version, which outputs may note: what they say of themselves stays true.

    Args:
        options: The run's.
        format_: Of the output, None if it is the input's.
    """
    settings = options.output.settings
    if settings is not None:
        settings = dataclasses.replace(settings, version=ALGORITHM_REVISION)
    output = dataclasses.replace(options.output, format=format_, settings=settings)
    delivery = dataclasses.asdict(output)
    for name in ("attachments", "quality", "max_size"):  # younger than the keys in journals
        if not delivery[name]:
            del delivery[name]
    moments = options.moments
    parts = {
        "version": ALGORITHM_REVISION,
        "look": dataclasses.asdict(options.enhancer.look),
        "weights": network.checksum(options.enhancer.network),
        "delivery": delivery,
        "moments": dataclasses.asdict(moments) if moments else None,
        "compare": options.compare,
    }
    return _digest(parts)


def measure_key(options: JobOptions) -> str:
    """Name all that moments depend on, beside the picture."""
    padding, profile = options.enhancer.look.padding, options.output.profile
    return _digest({"version": ALGORITHM_REVISION, "padding": padding, "profile": profile})


def _digest(parts: object) -> str:
    """Name a value that JSON can tell."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
