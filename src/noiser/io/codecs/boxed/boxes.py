"""Boxes: what files of the ISO base media's kind are made of (ISO/IEC 14496-12, section 4.2)."""

from collections.abc import Iterator

from noiser.core.errors import DecodeError


def boxes(data: bytes, format_: str, *, is_whole: bool = True) -> Iterator[tuple[bytes, bytes]]:
    """Give kind and content of each box.

    Args:
        data: A file, or the content of a box that has others.
        format_: Of the file, for what is said.
        is_whole: Whether the last one must not reach beyond the data.

    Raises:
        DecodeError: A box cannot be of the size that it says.
    """
    at = 0
    while at + 8 <= len(data):
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + size if size else len(data)
        if end < at + head or (is_whole and end > len(data)):
            raise DecodeError(f"damaged {format_} data: it ends early, or a box is of another size")
        yield kind, data[at + head : end]
        at = end
