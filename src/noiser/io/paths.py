"""Paths: what is there under a name, and with which rights, where looking it up may fail."""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from noiser.core.errors import DecodeError, MachineError, OutputError

NOT_ALLOWED = (errno.EACCES, errno.EPERM)
"""A folder on the way may not be entered: that is no fault of the name."""


def lookup_error(path: Path) -> OSError | None:
    """Say why a name cannot be looked up; None where it can, also where nothing is there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return error
    except ValueError as error:  # a NUL in the name
        return OSError(errno.EINVAL, str(error))
    return None


def naming_error(path: Path) -> OSError | None:
    """Say why nothing can be written under a name, also in folders that are yet to be made."""
    error = lookup_error(path)
    if error is None and not is_folder(path.parent):
        there = next((p for p in path.parents if is_folder(p)), path.parent)
        errors = (lookup_error(there / part) for part in path.relative_to(there).parts)
        error = next(filter(None, errors), None)
    return None if error is not None and error.errno in NOT_ALLOWED else error


def is_folder(path: Path) -> bool:
    """Whether a folder is there, as far as anybody can tell; `Path.is_dir` may raise."""
    return os.path.isdir(path)  # noqa: PTH112


def is_pipe(path: Path) -> bool:
    """Whether a name leads to a pipe, as far as anybody can tell; it is not opened."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Whether something is there that reading tells more of."""
    return os.path.lexists(path) or lookup_error(path) is not None


def is_taken(path: Path) -> bool:
    """Whether a name that is to be written is that of something already.

    Raises:
        MachineError: Nothing can be written under it: it is too long, or a folder on the way may
            not be entered.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise MachineError(f"{path}: cannot be written: {error.strerror}") from error
    return True


def check_folder(folder: Path) -> None:
    """Refuse a folder for outputs that can neither be there nor be made.

    Raises:
        OutputError: It, or one that it is to lie in, is something else, or its name cannot be one.
    """
    if error := naming_error(folder):
        raise OutputError(f"{folder} cannot be written: {error.strerror}")
    for path in (folder, *folder.parents):
        if is_folder(path):
            return
        if os.path.lexists(path):
            kind = "a link that leads nowhere" if path.is_symlink() else "a file"
            raise OutputError(f"{path} is {kind}, not a folder")


def real(path: Path) -> str:
    """Name what a path leads to, by one name for each thing."""
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL in the name
        return os.fspath(path)


@dataclass(frozen=True)
class Traits:
    """What a new file has beside its content."""

    mode: int = 0o666
    """Rights; the umask takes some of them."""

    mtime_ns: int | None = None
    """When the content was changed last [ns since 1970]; None is when it is written."""


PLAIN = Traits()


def traits_of(path: Path, *, keep_times: bool = False) -> Traits:
    """Take over what a file has beside its content, but for the right to run it.

    Raises:
        DecodeError: It cannot be looked at.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise DecodeError(f"cannot be read: {error.strerror}") from error
    mode = found.st_mode & 0o666 if os.name == "posix" else 0o666
    return Traits(mode, found.st_mtime_ns if keep_times else None)
