"""Files: only regular ones are read, and only whole ones appear."""

import errno
import io
import os
import socket
import tracemalloc
from pathlib import Path

import pytest

from noiser.core.errors import DecodeError, LimitError, OutputExistsError, UnsupportedError
from noiser.io import files
from noiser.io.files import (
    PARTIAL_SUFFIX,
    new_file,
    partial_prefix,
    read_file,
    read_stream,
    remove_partials,
    write_file,
)


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"whole")
    assert read_file(tmp_path / "a", 5) == b"whole"


def test_a_file_at_the_limit_is_read_and_one_byte_more_is_not(tmp_path):
    (tmp_path / "a").write_bytes(bytes(9))
    with pytest.raises(LimitError, match="9 bytes; the limit for a file is 8"):
        read_file(tmp_path / "a", 8)


def peak_of(read):
    """Measure the most that a call holds at once [bytes]."""
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_small_file_takes_little_memory_whatever_the_limit(tmp_path):
    (tmp_path / "a").write_bytes(bytes(1000))
    assert peak_of(lambda: read_file(tmp_path / "a", 1 << 28)) < 1 << 20


def test_a_small_stream_takes_little_memory_whatever_the_limit():
    assert peak_of(lambda: read_stream(io.BytesIO(bytes(1000)), 1 << 28)) < 1 << 20


def test_a_stream_is_read_whole_up_to_the_limit():
    """Also where it comes in pieces of any size."""
    data = bytes(range(256)) * 5000
    for limit in (len(data), len(data) + 1):
        assert read_stream(io.BytesIO(data), limit) == data
    with pytest.raises(LimitError, match="more than 1279999 bytes; that is the limit"):
        read_stream(io.BytesIO(data), len(data) - 1)


@pytest.mark.parametrize(
    ("limit", "error", "sentence"),
    [(99, DecodeError, "the file was changed while it was read"),
     (18, LimitError, "the file grew above 18 bytes while it was read")],
)  # fmt: skip
def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path, monkeypatch, limit, error, sentence
):
    """It grows by nine bytes after each look at it."""
    path, real = tmp_path / "a", os.fstat

    def grow(descriptor):
        found = real(descriptor)
        with path.open("ab") as file:
            file.write(bytes(9))
        return found

    path.write_bytes(bytes(9))
    monkeypatch.setattr(files.os, "fstat", grow)
    with pytest.raises(error, match=sentence):
        read_file(path, limit)


def test_pipes_sockets_devices_and_folders_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.jpg"))
        for name in ("pipe.jpg", "folder.jpg"):
            with pytest.raises(
                (UnsupportedError, DecodeError), match=r"not a regular file|directory"
            ):
                read_file(tmp_path / name, 100)
        with pytest.raises(DecodeError, match="cannot be read: No such device"):
            read_file(tmp_path / "socket.jpg", 100)
    with pytest.raises(UnsupportedError, match="not a regular file"):
        read_file(type(tmp_path)("/dev/zero"), 100)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(DecodeError, match="cannot be read: No such file or directory"):
        read_file(tmp_path / "nothing", 100)


def test_a_written_file_is_there_alone(tmp_path):
    write_file(tmp_path / "out.png", b"data")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"out.png": b"data"}


def test_a_file_that_is_there_is_not_replaced_unasked(tmp_path):
    (tmp_path / "out.png").write_bytes(b"old")
    with pytest.raises(OutputExistsError, match="is there already; --overwrite replaces it"):
        write_file(tmp_path / "out.png", b"new")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"out.png": b"old"}
    write_file(tmp_path / "out.png", b"new", overwrite=True)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"out.png": b"new"}


def test_a_link_at_the_output_is_not_written_through(tmp_path):
    (tmp_path / "original").write_bytes(b"mine")
    (tmp_path / "out.png").symlink_to("original")
    with pytest.raises(OutputExistsError):
        write_file(tmp_path / "out.png", b"new")
    write_file(tmp_path / "out.png", b"new", overwrite=True)
    assert (tmp_path / "original").read_bytes() == b"mine"


def test_disks_without_hard_links_are_written_too(tmp_path, monkeypatch):
    def refuse(*_args):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(files.os, "link", refuse)
    write_file(tmp_path / "out.png", b"data")
    with pytest.raises(OutputExistsError):
        write_file(tmp_path / "out.png", b"again")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"out.png": b"data"}


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_failing_disk_leaves_nothing_behind(tmp_path, monkeypatch, call):
    real = getattr(os, call)

    def fail(*args):
        if call == "link":
            (tmp_path / "out.png").write_bytes(b"somebody else was faster")
            return real(*args)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, call, fail)
    with pytest.raises((OSError, OutputExistsError)):
        write_file(tmp_path / "out.png", b"data")
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert left == ({} if call == "fsync" else {"out.png": b"somebody else was faster"})


def test_the_final_name_never_holds_less_than_all(tmp_path, monkeypatch):
    """At the moment of the rename the partial file is already complete and on the disk."""
    seen = []
    real = os.link

    def watch(partial, path):
        seen.append((Path(partial).stat().st_size, synced[-1]))
        real(partial, path)

    synced = []
    real_sync = os.fsync
    monkeypatch.setattr(
        files.os, "fsync", lambda fd: (synced.append(os.fstat(fd).st_size), real_sync(fd))
    )
    monkeypatch.setattr(files.os, "link", watch)
    write_file(tmp_path / "out.png", bytes(100))
    assert seen == [(100, 100)]


def test_a_file_written_piece_by_piece_appears_when_it_is_complete(tmp_path):
    with new_file(tmp_path / "out.tif") as file:
        file.write(b"head, data")
        file.seek(0)
        file.write(b"HEAD")
        assert not (tmp_path / "out.tif").exists()
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"out.tif": b"HEAD, data"}


def test_a_file_whose_writing_is_broken_off_never_appears(tmp_path):
    def broken_off():
        with new_file(tmp_path / "out.tif") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    name = "n" * 251 + ".png"
    write_file(tmp_path / name, b"data")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_partials_of_these_outputs_are_removed_and_nothing_else(tmp_path):
    mine, other = tmp_path / "mine.png", tmp_path / "other.png"
    stale = tmp_path / f"{partial_prefix(mine)}0123{PARTIAL_SUFFIX}"
    foreign = tmp_path / f"{partial_prefix(other)}0123{PARTIAL_SUFFIX}"
    for path in (mine, stale, foreign):
        path.write_bytes(b"x")
    remove_partials([mine, tmp_path / "missing folder" / "b.png"])
    assert sorted(tmp_path.iterdir()) == sorted([mine, foreign])
