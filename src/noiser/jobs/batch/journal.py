"""The journal: what a run over a folder has finished, one line each, in the output folder.

Lines are only ever appended; `lines.py` says what they are. One that is torn or damaged is not
trusted, and harms no other.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from noiser.core.errors import MachineError
from noiser.core.version import __version__
from noiser.jobs.batch.lines import Contents, Measured, contents_in, measured_in, to_line

JOURNAL_NAME = ".noiser-journal"
"""Hidden, so that no run takes it for an input."""

FORMAT = 1
"""Of the lines, in the first of them."""

SYNC_INTERVAL = 1.0
"""Lines reach the disk at least so often [s]. A sync for each line would hold up 50 pictures a
second; without one, only a power cut could lose lines, never a kill, and what it loses is made
again and compared."""


def read_journal(folder: Path) -> Contents:
    """Read a folder's journal without locking it; what is not there says nothing.

    Raises:
        MachineError: It cannot be read.
    """
    with _to_read(folder) as descriptor:
        return Contents() if descriptor is None else contents_in(descriptor)


def read_measured(folder: Path, names: list[str]) -> Iterator[Measured | None]:
    """Read the moments of inputs from a folder's journal without locking it, one by one.

    Raises:
        MachineError: It cannot be read.
    """
    with _to_read(folder) as descriptor:
        contents = Contents() if descriptor is None else contents_in(descriptor)
        for name in names:
            yield None if descriptor is None else measured_in(descriptor, contents, name)


@contextlib.contextmanager
def _to_read(folder: Path) -> Iterator[int | None]:
    """Open a journal; None if there is none."""
    path = folder / JOURNAL_NAME
    try:
        descriptor = _open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class Journal:
    """A folder's journal, open and locked: nobody else writes there meanwhile.

    The lock ends with the process, however it ends. On disks that know no locks, there is none.

    Args:
        folder: Is made if it is not there.
        mode: Its rights at most, beside its owner's.
        clock: Tells the time [s].

    Raises:
        MachineError: Another run has the lock, or the journal cannot be opened.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], float] = time.monotonic, *, mode: int = 0o666
    ) -> None:
        self.folder, self._path = folder, folder / JOURNAL_NAME
        self._clock, self._synced, self._is_dirty = clock, clock(), False
        self.is_writable = True
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = _open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, mode | 0o600)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES) or not os.path.lexists(self._path):
                raise self._failed(error) from error
            # What is finished can be told from what is not, though nothing can be added.
            self.is_writable = False
            self._descriptor = self._open_to_read()
        try:
            _lock(self._descriptor, folder)
            self._mode = stat.S_IMODE(os.fstat(self._descriptor).st_mode)
            self.contents = contents_in(self._descriptor)
            self._torn = not self.contents.is_new and not _ends_a_line(self._descriptor)
            if self.contents.is_new and self.is_writable:
                # Before any output: one that is there without a line may be ours from now on.
                self.append({"kind": "journal", "format": FORMAT, "noiser": __version__})
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Close; what cannot be synced then is told, unless something else is already."""
        try:
            self.sync()
        except MachineError:
            if kind is None:
                raise
        finally:
            os.close(self._descriptor)

    def append(self, entry: dict[str, Any]) -> None:
        """Add a line, and keep what it says in mind.

        Raises:
            MachineError: It cannot be written.
        """
        if not self.is_writable:
            raise self._failed(OSError(errno.EROFS, os.strerror(errno.EROFS)))
        data = line = to_line(entry)
        if self._torn:
            data, self._torn = b"\n" + data, False
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            start = os.fstat(self._descriptor).st_size - len(line)
        except OSError as error:
            self._torn = True
            raise self._failed(error) from error
        self._is_dirty = True
        self.contents.add(entry, start)
        self.tick()

    def measured_of(self, name: str) -> Measured | None:
        """Read the moments of an input; None if there are none that can be trusted."""
        return measured_in(self._descriptor, self.contents, name)

    def narrow(self, mode: int) -> None:
        """Let nobody read it who may not read what it tells of; who writes it still can."""
        narrowed = self._mode & (mode | 0o600)
        if narrowed != self._mode and hasattr(os, "fchmod"):
            with contextlib.suppress(OSError):  # somebody else's
                os.fchmod(self._descriptor, narrowed)
        self._mode = narrowed

    def tick(self) -> None:
        """Sync if it is time."""
        if self._is_dirty and self._clock() - self._synced >= SYNC_INTERVAL:
            self.sync()

    def sync(self) -> None:
        """See to it that a power cut loses no line.

        Raises:
            MachineError: The disk refuses.
        """
        if self._is_dirty:
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                raise self._failed(error) from error
        self._is_dirty, self._synced = False, self._clock()

    def _open_to_read(self) -> int:
        try:
            return _open(self._path, os.O_RDONLY)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> MachineError:
        return MachineError(f"{self._path}: cannot be written: {error.strerror}")


def _open(path: Path, flags: int, mode: int = 0o666) -> int:
    """Open a regular file, and not what a link leads to."""
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def _ends_a_line(descriptor: int) -> bool:
    """Whether the last line is whole."""
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"


def _lock(descriptor: int, folder: Path) -> None:
    """Take the lock, or say who has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise MachineError(
            f"{folder}: another run of noiser is writing there; start again when it has ended"
        ) from None
    except OSError:
        return  # no locks here (some network disks)
