"""Forms: one picture and a few fields, taken apart while they come in (RFC 7578)."""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState, parse_options_header

from noiser.web.server.errors import RefusedError
from noiser.web.server.limits import ServerLimits

PICTURE = "image"
"""Name of the part that is the picture."""

MOST_HEADERS = 8
"""Of a part; browsers send two."""


class FormReader:
    """Takes a form apart; holds no more than the picture and the fields.

    Args:
        content_type: The request's header, which names the boundary.
        limits: How many fields, and how large.

    Raises:
        RefusedError: It is no form, here and in all methods.
    """

    def __init__(self, content_type: str, limits: ServerLimits) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 1 <= len(boundary) <= limits.max_boundary_bytes:
            raise _bad(
                "the content type must be multipart/form-data with a boundary of 1 to "
                f"{limits.max_boundary_bytes} characters, or that of a picture"
            )
        self._limits = limits
        self._picture = bytearray()
        self._fields: list[tuple[str, str]] = []
        self._seen: list[str] = []
        self._header, self._value = bytearray(), bytearray()
        self._name: str | None = None
        self._text = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
            max_header_count=MOST_HEADERS,
            max_header_size=limits.max_field_bytes,
        )

    def write(self, data: bytes) -> None:
        """Take more of the form."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _bad(f"the form is damaged: {error}") from error

    def close(self) -> None:
        """Let go of all: the parser and its callbacks hold each other."""
        self._parser.callbacks = {}
        self._picture = bytearray()

    def finish(self) -> tuple[bytes, list[tuple[str, str]]]:
        """Give the picture and the fields, when all has come."""
        if self._parser.state != MultipartState.END:
            raise _bad("the form breaks off; its last boundary is missing")
        if PICTURE not in self._seen:
            raise _bad(f"the form has no part {PICTURE!r}; it must be the picture's file")
        return bytes(self._picture), self._fields

    def _begin(self) -> None:
        """Begin a part."""
        self._name, self._text = None, bytearray()

    def _end_header(self) -> None:
        """Learn what a part is, from its header."""
        name, value = bytes(self._header).lower(), bytes(self._value)
        self._header, self._value = bytearray(), bytearray()
        if name != b"content-disposition":
            return
        _, options = parse_options_header(value.decode("latin-1"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options and self._name != PICTURE:
            raise _bad(f"the part {self._name!a} is a file; the one file is {PICTURE!r}")
        if self._name == PICTURE and PICTURE in self._seen:
            raise _bad(f"there are two parts {PICTURE!r}; send one picture at a time")
        if len(self._seen) > self._limits.max_fields:
            raise _bad(f"more than {self._limits.max_fields} fields; that is the limit")
        self._seen.append(self._name)

    def _data(self, data: bytes, start: int, end: int) -> None:
        """Take more of a part."""
        if self._name is None:
            raise _bad("a part has no name; its Content-Disposition must give it")
        part = self._picture if self._name == PICTURE else self._text
        part += data[start:end]
        if len(self._text) + len(self._name) > self._limits.max_field_bytes:
            raise _bad(f"a field is above {self._limits.max_field_bytes} bytes; that is the limit")

    def _end(self) -> None:
        """End a part."""
        if self._name is None:
            raise _bad("a part has no name; its Content-Disposition must give it")
        if self._name != PICTURE:
            self._fields.append((self._name, self._text.decode("utf-8", "replace")))


def _bad(message: str) -> RefusedError:
    """Refuse a form."""
    return RefusedError("bad_form", message)
