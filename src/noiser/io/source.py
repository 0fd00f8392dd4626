"""Source: an image file in memory, identified once and handed on, its pixels not decoded yet."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from noiser.io.limits import Limits
from noiser.io.metadata.tiff_tags import Directory
from noiser.io.photo import Photo


class Codec(Protocol):
    """What a module of `codecs/` that reads whole files has: three functions of a source."""

    def read_size(self, source: "Source", /) -> tuple[int, int]:
        """Read width and height [pixels]; refuses what `decode` would refuse by the header."""

    def memory_factor(self, source: "Source", /) -> int:
        """Say how much more memory than one of 8 bits a pixel takes, file and output counted."""

    def decode(self, source: "Source", /) -> Photo:
        """Decode all pixels, upright."""


@dataclass(frozen=True, eq=False)
class Source:
    """An image file in memory: what it is is known, and who reads it."""

    data: bytes
    """The whole file."""

    format: str
    """One of `formats.FORMATS`."""

    limits: Limits
    """How large the picture and its metadata may be."""

    codec: Codec
    """Who reads it."""

    tags: Directory | None = None
    """Of a TIFF, its first directory."""

    parts: int = 1
    """How many frames or pages it has; `decode` takes what has one."""

    notes: tuple[str, ...] = ()
    """What of the file was damaged, and is not in `data` any more."""

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height, read from the header [pixels].

        Raises:
            ImageError: `decode` would refuse the file by its header alone.
        """
        return self.codec.read_size(self)

    @property
    def weight(self) -> int:
        """As how many pixels of 8 bits it weighs in memory [pixels]; raises as `size` does."""
        width, height = self.size
        return width * height * self.codec.memory_factor(self) * self.parts
