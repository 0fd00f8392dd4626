"""libvips: imported when it is needed, put into our words, and made to forget."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from noiser.core.errors import DecodeError, UnsupportedError, extra, sentence

UNSUPPORTED = ("is not configured", "not supported")
"""Words of libvips about sound files."""

_cache_lock = threading.Lock()


def pyvips() -> Any:
    """Import the binding of libvips.

    Raises:
        MissingExtraError: It is not installed.
    """
    purpose = "pictures this large, colours of 10 to 16 bits and floats need pyvips"
    return extra("pyvips", purpose, "io")


@contextmanager
def forgetting() -> Iterator[Any]:
    """Give libvips, and let it forget afterwards what it would keep for whoever asks: pixels too.

    Raises:
        MissingExtraError: It is not installed.
    """
    vips = pyvips()
    try:
        yield vips
    finally:
        with _cache_lock:
            kept = vips.cache_get_max()
            vips.cache_set_max(0)
            vips.cache_set_max(kept)


@contextmanager
def vips_decoding(format_: str) -> Iterator[None]:
    """Put what libvips says into our words, and let it forget the decoder afterwards.

    Raises:
        DecodeError: libvips found the data damaged.
        UnsupportedError: libvips says that it was built without what the file needs.
        MissingExtraError: It is not installed.
    """
    with forgetting() as vips:
        try:
            yield
        except vips.Error as error:
            last = f"{error}".strip().rpartition("\n")[2]  # those before may be of other files
            if any(words in last for words in UNSUPPORTED):
                raise UnsupportedError(
                    f"{format_} of a kind that libvips does not read: {last}"
                ) from error
            raise DecodeError(f"damaged {format_} data: {sentence(error)}") from error
