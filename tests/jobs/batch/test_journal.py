"""The journal: only whole, sound lines are trusted, and only one run writes."""

import errno
import fcntl
import gc
import os
import random
import signal
import subprocess
import sys
import tracemalloc

import pytest

from noiser import MachineError
from noiser.io.files import FileMark
from noiser.jobs.batch import journal
from noiser.jobs.batch.journal import (
    JOURNAL_NAME,
    Journal,
    read_journal,
)
from noiser.jobs.batch.lines import Measured, from_line, to_line


def entry(number, **changes):
    """What is noted of a finished output, with a name that is no text."""
    name = os.fsdecode(b"\xff%03d.png" % number)
    marks = {"source": [number, number << 40, None], "target": [number, 7, number * 9]}
    return {"kind": "done", "input": f"../{name}", "output": name, "key": "k"} | marks | changes


@pytest.fixture
def folder(tmp_path):
    """A folder with a journal of 20 lines after the first."""
    with Journal(tmp_path) as written:
        for number in range(20):
            written.append(entry(number))
    return tmp_path


def test_what_was_written_is_read_again(folder):
    contents = read_journal(folder)
    name = os.fsdecode(b"\xff019.png")
    assert len(contents.done) == 20
    record = contents.done[name]
    assert (record.input, record.key) == (f"../{name}", "k")
    assert record.source == FileMark(19, 19 << 40)
    assert record.target == FileMark(19, 7, 171)
    assert not contents.is_new


def test_no_journal_says_nothing(tmp_path):
    contents = read_journal(tmp_path)
    assert contents.is_new
    assert (contents.done, contents.kept, contents.measured) == ({}, set(), {})
    assert list(tmp_path.iterdir()) == []


def test_a_later_line_counts_more(folder):
    with Journal(folder) as again:
        again.append(entry(3, key="other"))
    assert read_journal(folder).done[entry(3)["output"]].key == "other"


def test_a_journal_torn_at_any_byte_loses_the_torn_line_and_no_other(folder):
    """Then the next line is sound, though the torn one had no end."""
    path = folder / JOURNAL_NAME
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    start = len(whole) - sum(map(len, lines[-3:]))
    cuts = range(start, len(whole))
    assert len(cuts) > 300
    for cut in cuts:
        path.write_bytes(whole[:cut])
        sound = whole[:cut].count(b"\n") + (whole[cut : cut + 1] == b"\n") - 1
        with Journal(folder) as torn:
            assert list(torn.contents.done) == [entry(i)["output"] for i in range(sound)]
            torn.append(entry(99))
        assert entry(99)["output"] in read_journal(folder).done
        assert len(read_journal(folder).done) == sound + 1


def test_a_flipped_bit_anywhere_is_never_trusted(folder):
    path = folder / JOURNAL_NAME
    whole, before = path.read_bytes(), read_journal(folder).done
    chance = random.Random(2022)
    for _ in range(1000):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        found = read_journal(folder).done
        assert found.items() <= before.items()
        assert len(found) >= len(before) - 2  # two where their line's end was hit


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b'{"kind":"kept","output":"a"}', b'x{"a":1,"crc32":"00000000"}', b"\0" * 99],
)
def test_a_line_without_its_checksum_is_none(line):
    assert from_line(line) is None


def test_lines_of_a_kind_that_is_not_known_are_passed_over(folder):
    with (folder / JOURNAL_NAME).open("ab") as file:
        file.write(to_line({"kind": "weather"}) + to_line({"kind": "done"}) + to_line(entry(50)))
    assert len(read_journal(folder).done) == 21


def test_a_second_run_is_refused_until_the_first_ends(tmp_path):
    with Journal(tmp_path), pytest.raises(MachineError, match="another run of noiser is writing"):
        Journal(tmp_path)
    with Journal(tmp_path):
        pass


def test_the_lock_of_a_killed_run_is_taken_over(tmp_path):
    code = (
        "import sys, pathlib, time; from noiser.jobs.batch.journal import Journal\n"
        "with Journal(pathlib.Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(MachineError, match="another run"):
            Journal(tmp_path)
        other.send_signal(signal.SIGKILL)
    with Journal(tmp_path):
        pass


def test_a_disk_without_locks_is_written_too(tmp_path, monkeypatch):
    def refuse(*_args):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with Journal(tmp_path) as unlocked:
        unlocked.append(entry(1))
    assert len(read_journal(tmp_path).done) == 1


def test_a_link_or_pipe_in_the_journals_place_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "a" / JOURNAL_NAME).symlink_to(tmp_path / "mine")
    with pytest.raises(MachineError, match="cannot be written"):
        Journal(tmp_path / "a")
    assert (tmp_path / "mine").read_bytes() == b"mine"
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / JOURNAL_NAME)
    with pytest.raises(MachineError, match="not a regular file"):
        Journal(tmp_path / "b")


def test_lines_are_synced_once_a_second_and_at_the_end(tmp_path, monkeypatch):
    now, synced = [0.0], []
    monkeypatch.setattr(journal.os, "fsync", lambda _: synced.append(now[0]))
    with Journal(tmp_path, clock=lambda: now[0]) as written:
        for i in range(50):
            now[0] = i / 20
            written.append(entry(i))
        written.tick()
    assert synced == [1.0, 2.0, 2.45]


def test_the_first_line_names_the_format(folder):
    first = (folder / JOURNAL_NAME).read_bytes().splitlines()[0]
    assert first.startswith(b'{"kind":"journal","format":1,"noiser":"')
    assert from_line(first) is not None


def moments(number, packed="m" * 4000):
    """What is noted of a measured picture; moments take 4 KB."""
    return {"kind": "moments", "input": f"../{number:06}.png", "source": [number, 7, None],
            "key": "k", "moments": packed}  # fmt: skip


@pytest.mark.parametrize("how", ["read", "appended"])
def test_a_measured_picture_takes_a_hundred_bytes_beside_its_name(tmp_path, how):
    """4 KB each would be 400 MB for 100,000 pictures."""
    count, name = 5000, moments(0)["input"]
    if how == "read":
        lines = b"".join(to_line(moments(number)) for number in range(count))
        (tmp_path / JOURNAL_NAME).write_bytes(lines)
    tracemalloc.start()
    try:
        with Journal(tmp_path) as found:
            for number in range(count if how == "appended" else 0):
                found.append(moments(number))
            gc.collect()
            taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(found.contents.measured) == count
    assert taken / count < 100 + sys.getsizeof(name)


def test_what_was_measured_is_read_from_its_line(tmp_path):
    """A later line counts more; lines before and after, and a torn one, do no harm."""
    with Journal(tmp_path) as written:
        for line in (entry(1), moments(1, "old"), moments(2, "two"), moments(1, "new")):
            written.append(line)
        assert written.measured_of("../000001.png") == Measured(FileMark(1, 7), "k", "new")
    with (tmp_path / JOURNAL_NAME).open("ab") as file:
        file.write(b"torn")
    with Journal(tmp_path) as again:
        again.append(moments(3, "three"))
        found = [again.measured_of(f"../{number:06}.png") for number in range(1, 5)]
        again.append(entry(4))
    assert found[:3] == [Measured(FileMark(n, 7), "k", t) for n, t in
                         [(1, "new"), (2, "two"), (3, "three")]]  # fmt: skip
    assert found[3] is None
    assert len(read_journal(tmp_path).done) == 2


@pytest.mark.parametrize(
    "there",
    [b"0" * 99, to_line(moments(2)), to_line({"kind": "moments"}),
     to_line({"kind": "moments", "input": "../000001.png"})],
)  # fmt: skip
def test_what_was_measured_is_not_trusted_where_its_line_was_damaged_since(tmp_path, there):
    """Nor where the line of another picture is in its place."""
    with Journal(tmp_path) as written:
        written.append(moments(1))
        whole = (tmp_path / JOURNAL_NAME).read_bytes()
        start = whole.index(to_line(moments(1)))
        (tmp_path / JOURNAL_NAME).write_bytes(whole[:start] + there)
        assert written.measured_of("../000001.png") is None


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch, call):
    def fail(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with Journal(tmp_path) as written:
        monkeypatch.setattr(journal.os, call, fail)
        with pytest.raises(MachineError, match=r"journal: cannot be written: No space left"):
            written.append(entry(1)) or written.sync()
        monkeypatch.undo()


def test_a_read_only_journal_is_read(folder, monkeypatch):
    """As root can write anything, the system call says no in its place."""
    real = os.open

    def refuse(path, flags, *mode):
        if flags & os.O_RDWR:
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, flags, *mode)

    monkeypatch.setattr(journal.os, "open", refuse)
    with Journal(folder) as readable:
        assert len(readable.contents.done) == 20
        with pytest.raises(MachineError, match="Read-only file system"):
            readable.append(entry(99))
