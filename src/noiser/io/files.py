"""Files: read only what is a file, write so that only whole files ever appear."""

import contextlib
import hashlib
import io
import os
import secrets
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from noiser.core.errors import (
    DecodeError,
    LimitError,
    MachineError,
    OutputExistsError,
    UnsupportedError,
)
from noiser.io.paths import PLAIN, Traits

PARTIAL_SUFFIX = ".noiser-partial"
"""Ends the name of a file that is being written, and of what a killed run left behind."""

CHUNK = 1 << 20
"""Read at a time where the size is not known, or a file is not needed whole [bytes]."""


@dataclass(frozen=True)
class FileMark:
    """What tells one state of a file from another."""

    size: int
    """[bytes]"""

    mtime_ns: int
    """When the content was changed last [ns since 1970]."""

    crc32: int | None = None
    """Of the content; None where it was not read as bytes."""

    def same_content(self, path: Path) -> bool:
        """Whether a file still has this content; it is only read where its time has changed."""
        try:
            found = path.stat(follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode) or found.st_size != self.size:
                return False
            if found.st_mtime_ns == self.mtime_ns:
                return True
            return self.crc32 is not None and crc32_of(path) == self.crc32
        except (OSError, DecodeError, UnsupportedError):
            return False


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; a pipe, device or folder is refused, without waiting.

    Raises:
        UnsupportedError: It is not a regular file.
        DecodeError: It cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        file = open(os.open(path, flags), "rb")  # noqa: PTH123, SIM115
    except OSError as error:
        raise DecodeError(f"cannot be read: {error.strerror}") from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnsupportedError("not a regular file")
        yield file


def read_file(path: Path, max_bytes: int) -> bytes:
    """Read a regular file whole.

    Args:
        path: The file. A pipe, device or folder is refused, without waiting for data.
        max_bytes: Limit of its size [bytes].

    Returns:
        The content.

    Raises:
        UnsupportedError: It is not a regular file.
        LimitError: It is larger than the limit.
        DecodeError: It cannot be read.
    """
    return read_marked(path, max_bytes)[0]


def read_marked(path: Path, max_bytes: int) -> tuple[bytes, FileMark]:
    """Read a regular file whole, and tell which state of it was read.

    Raises:
        UnsupportedError: It is not a regular file.
        LimitError: It is larger than the limit.
        DecodeError: It cannot be read, or was changed meanwhile.
    """
    with open_regular(path) as file:
        try:
            before = os.fstat(file.fileno())
            if before.st_size > max_bytes:
                raise LimitError(f"{before.st_size} bytes; the limit for a file is {max_bytes}")
            data = file.read(before.st_size + 1)  # and one byte of what it grew by
            after = os.fstat(file.fileno())
        except OSError as error:
            raise DecodeError(f"cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise LimitError(f"the file grew above {max_bytes} bytes while it was read")
    if (len(data), before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DecodeError("the file was changed while it was read")
    return data, FileMark(len(data), before.st_mtime_ns, zlib.crc32(data))


def read_stream(stream: BinaryIO, max_bytes: int) -> bytes:
    """Read a stream to its end, in as much memory as comes in.

    Raises:
        LimitError: More comes than the limit.
    """
    found = io.BytesIO()
    while chunk := stream.read(CHUNK):
        found.write(chunk)
        if found.tell() > max_bytes:
            raise LimitError(f"more than {max_bytes} bytes; that is the limit")
    return found.getvalue()


def read_pipe(path: Path, max_bytes: int) -> bytes:
    """Read a pipe to its end, which can be done once; waits for whoever writes into it.

    Raises:
        UnsupportedError: It is none.
        LimitError: More comes than the limit.
        DecodeError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            if not stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
                raise UnsupportedError("not a pipe any more")
            return read_stream(file, max_bytes)
    except OSError as error:
        raise DecodeError(f"cannot be read: {error.strerror}") from error


def mark_of(path: Path, *, checksum: bool = True) -> FileMark:
    """Tell the state of a file, with or without reading it.

    Raises:
        DecodeError: It cannot be read.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise DecodeError(f"cannot be read: {error.strerror}") from error
    return FileMark(found.st_size, found.st_mtime_ns, crc32_of(path) if checksum else None)


def crc32_of(path: Path) -> int:
    """Compute the checksum of a regular file, piece by piece."""
    checksum = 0
    with open_regular(path) as file:
        while data := file.read(CHUNK):
            checksum = zlib.crc32(data, checksum)
    return checksum


@contextlib.contextmanager
def new_file(
    path: Path, *, overwrite: bool = False, adopt: bool = False, traits: Traits = PLAIN
) -> Iterator[BinaryIO]:
    """Open a file to write that appears complete or not at all, also when the machine fails.

    It appears when the `with` block ends; where an error ends the block, nothing is left.

    Args:
        path: Where it is to appear. Its folder must exist.
        overwrite: Replace a file that is there already.
        adopt: Be content with a file that is there already and has the same bytes.
        traits: Of the new file, from the start.

    Yields:
        The file, for writing and seeking, under a name of its own until it is complete.

    Raises:
        OutputExistsError: There is one, and it was not to be replaced.
        OSError: The machine cannot write: a full disk, no permission.
    """
    # A string: the parts of a path are interned, and a name of its own for each picture adds up.
    name = f"{partial_prefix(path)}{secrets.token_hex(8)}{PARTIAL_SUFFIX}"
    partial = os.path.join(path.parent, name)  # noqa: PTH118
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(partial, flags, traits.mode), "w+b") as file:  # noqa: PTH123
            yield file
            file.flush()
            if traits.mtime_ns is not None:
                os.utime(partial, ns=(traits.mtime_ns, traits.mtime_ns))
            os.fsync(file.fileno())
        if overwrite:
            os.replace(partial, path)  # noqa: PTH105
        else:
            _rename_without_replacing(partial, path, adopt)
        _sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)  # noqa: PTH108


def write_file(
    path: Path,
    data: bytes,
    *,
    overwrite: bool = False,
    adopt: bool = False,
    traits: Traits = PLAIN,
) -> None:
    """Write a file that appears complete or not at all; see `new_file`.

    Args:
        path: Where it is to appear. Its folder must exist.
        data: The content.
        overwrite: Replace a file that is there already.
        adopt: Be content with a file that is there already and has the same bytes.
        traits: Of the new file, from the start.

    Raises:
        OutputExistsError: There is one, and it was not to be replaced.
        OSError: The machine cannot write: a full disk, no permission.
    """
    with new_file(path, overwrite=overwrite, adopt=adopt, traits=traits) as file:
        file.write(data)


def save_file(path: Path, data: bytes, *, overwrite: bool = False, traits: Traits = PLAIN) -> None:
    """Write a file that a user named, with its folder; what fails names the path.

    Raises:
        OutputExistsError: There is one, and it was not to be replaced.
        MachineError: The machine cannot write there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, data, overwrite=overwrite, traits=traits)
    except OutputExistsError as error:
        raise OutputExistsError(f"{path} {error}") from None
    except OSError as error:
        raise MachineError(f"{path}: cannot be written: {error.strerror}") from error


def remove_partials(outputs: list[Path]) -> None:
    """Delete what killed runs left behind of these outputs, and nothing else.

    A run that is writing one of them at this moment loses its partial file, fails to rename
    it, and says so; no finished file can be lost.
    """
    prefixes: dict[Path, set[str]] = {}
    for path in outputs:
        prefixes.setdefault(path.parent, set()).add(partial_prefix(path))
    for folder, wanted in prefixes.items():
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(folder)):
                if entry.name.endswith(PARTIAL_SUFFIX) and entry.name[:18] in wanted:
                    Path(entry.path).unlink(missing_ok=True)


def partial_prefix(path: Path) -> str:
    """Start the name of an output's partial files: short, even where the output's is not."""
    return f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}-"


def _rename_without_replacing(partial: str, path: Path, adopt: bool) -> None:
    """Give a file its name unless the name is taken, in one step where the disk can."""
    try:
        os.link(partial, path)
    except OSError as error:
        # No hard links here (FAT, some network disks): two steps are the best there is.
        if not isinstance(error, FileExistsError) and not os.path.lexists(path):
            os.rename(partial, path)  # noqa: PTH104
        elif not (adopt and replace(mark_of(Path(partial)), mtime_ns=-1).same_content(path)):
            raise OutputExistsError("is there already; --overwrite replaces it") from None


def _sync_folder(folder: Path) -> None:
    """Make a new name durable; not every system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
