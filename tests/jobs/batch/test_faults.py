"""Faults of the machine: one sentence, nothing partial, and the same command goes on after."""

import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from pictures import dark_rgb, saved
from PIL import Image

from noiser import Enhancer, MachineError
from noiser.io.files import PARTIAL_SUFFIX
from noiser.io.image_file import decode
from noiser.jobs.batch.journal import JOURNAL_NAME, Journal, read_journal
from noiser.jobs.batch.run import Runner
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import make_plan
from noiser.jobs.workers.sync_pool import Supervisor

NOISER = [sys.executable, "-m", "noiser"]
COUNT = 5


def strace_works() -> bool:
    """Whether there is strace, and it may trace here."""
    if not shutil.which("strace"):
        return False
    return not subprocess.run(
        ["strace", "-e", "trace=none", "true"], capture_output=True
    ).returncode


def digests(folder: Path) -> dict[str, str]:
    """What is in a folder, but for the journal, which has times in it."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != JOURNAL_NAME
    }


def write_photos(folder: Path, count: int = COUNT, side: int = 40) -> Path:
    folder.mkdir()
    for i in range(count):
        data = saved(Image.fromarray(dark_rgb(side, side, i)), "PNG")
        (folder / f"{i:04}.png").write_bytes(data)
    return folder


@pytest.fixture
def photos(tmp_path) -> Path:
    """A folder of five."""
    return write_photos(tmp_path / "in")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, str]:
    """What comes of the five when nothing fails."""
    folder = tmp_path_factory.mktemp("whole")
    photos = write_photos(folder / "in")
    assert call("enhance", photos, "-o", folder / "out").returncode == 0
    return digests(folder / "out")


def call(*words, before=(), **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*before, *NOISER, *map(str, words)], capture_output=True, text=True, **options
    )


def sentences(done) -> list[str]:
    """The lines of stderr; a traceback is none."""
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()


FAULTS = [
    ("write:error=ENOSPC:when=1", (3,)),  # the journal's first line
    ("fsync:error=EIO:when=1", (1, 3)),
    ("fsync:error=EIO:when=1+", (1, 3)),
    ("fsync:error=ENOSPC:when=2+", (3,)),
    ("link,linkat,rename,renameat,renameat2:error=EACCES", (3,)),
    ("link,linkat:error=EPERM", (0,)),  # as on FAT: the file is renamed
    ("mkdir,mkdirat:error=EROFS", (3,)),
]
"""What strace makes fail, in each process alike, and the exit codes that may be its answer."""

CALM = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")} | {
    "PYTHONDONTWRITEBYTECODE": "1"
}
"""An environment in which only noiser writes: bytecode and coverage would take the faults."""

traced = pytest.mark.skipif(not strace_works(), reason="strace is absent, or may not trace")


@traced
@pytest.mark.parametrize(("fault", "codes"), FAULTS, ids=[fault for fault, _ in FAULTS])
def test_a_call_that_fails_leaves_nothing_partial_and_the_run_can_go_on(
    photos, whole, tmp_path, fault, codes
):
    output = tmp_path / "out"
    before = ["strace", "-f", "-o", tmp_path / "log", *injecting(fault)]
    done = call("enhance", photos, "-o", output, before=before, env=CALM)
    assert done.returncode in codes
    assert "(INJECTED)" in (tmp_path / "log").read_text()
    *failures, last = sentences(done)
    if done.returncode == 3:
        assert last.startswith("noiser: ")
        assert "cannot be written: " in last
        assert "EIO" in fault or failures == []
    assert_goes_on(photos, output, whole)


@traced
@pytest.mark.parametrize("when", [1, 2, 3])
@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EIO"])
def test_a_write_that_fails_in_a_worker_leaves_nothing_partial(
    photos, whole, tmp_path, error, when
):
    """A full disk stops the run; an unlucky sector costs the picture."""
    output, told = tmp_path / "out", []
    worker = [sys.executable, "-B", "-P", "-m", "noiser.jobs.workers.worker"]
    before = ["strace", "-o", str(tmp_path / "log"), *injecting(f"write:error={error}:when={when}")]
    treatment = JobOptions(Enhancer(threads=1))
    supervisor = Supervisor(treatment, 1, command=[*before, *worker])
    stops = pytest.raises(MachineError, match="cannot be written: ") if error != "EIO" else None
    with stops or nullcontext(), Runner(treatment, supervisor=supervisor) as runner:
        runner.run(make_plan([photos], output).items, told.append)
    assert "(INJECTED)" in (tmp_path / "log").read_text()
    failed = [result for result in told if result.status == "failed"]
    assert len(failed) == (error == "EIO")
    assert all("cannot be written: Input/output error" in r.message for r in failed)
    assert_goes_on(photos, output, whole)


def injecting(fault: str) -> list[str]:
    """Give strace's words; only calls that are traced can fail."""
    return ["-e", f"trace={fault.split(':')[0]}", "-e", f"inject={fault}"]


def assert_goes_on(photos: Path, output: Path, whole: dict[str, str]) -> None:
    """What is there is whole, and the same command makes the rest."""
    made = digests(output) if output.exists() else {}
    for name in made:
        decode((output / name).read_bytes())  # a partial file has another name
    assert not [name for name in made if name.endswith(PARTIAL_SUFFIX)]
    assert call("enhance", photos, "-o", output).returncode == 0
    assert digests(output) == whole


@traced
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("openat:error=EMFILE", "cannot be read: Too many open files"),
        ("read:error=EIO", "cannot be read: Input/output error"),
    ],
)
def test_an_input_that_cannot_be_read_fails_alone(photos, tmp_path, fault, text):
    bad = photos / "0002.png"
    words = ["-o", tmp_path / "log", "-P", bad, "-e", "trace=all", "-e", f"inject={fault}"]
    done = call("enhance", photos, "-o", tmp_path / "out", before=["strace", "-f", *words])
    assert done.returncode == 1
    assert sentences(done)[0] == f"noiser: {bad}: {text}"
    assert set(digests(tmp_path / "out")) == {f"{i:04}.png" for i in (0, 1, 3, 4)}


@pytest.mark.parametrize("limit", ["size=64k", "nr_inodes=6"])
def test_a_full_disk_is_exit_3_and_the_same_command_goes_on_when_there_is_room(tmp_path, limit):
    photos, full = write_photos(tmp_path / "in", 12, side=100), tmp_path / "full"
    full.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", limit, "none", full]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a full disk needs the right to mount one")
    try:
        done = call("enhance", photos, "-o", full)
        assert done.returncode == 3
        (sentence,) = sentences(done)
        assert "No space left on device" in sentence
        left = list(full.glob("*.png"))
        assert 0 < len(left) < 12
        for path in left:
            assert decode(path.read_bytes()).pixels.shape == (100, 100, 3)
        assert not list(full.glob(f".*{PARTIAL_SUFFIX}"))
        subprocess.run(["mount", "-o", "remount,size=9m,nr_inodes=99", full], check=True)
        assert call("enhance", photos, "-o", full).returncode == 0
        assert len(digests(full)) == 12
    finally:
        subprocess.run(["umount", full], check=True)


def test_a_folder_that_is_read_only_is_exit_3_and_a_finished_one_is_not(photos, tmp_path):
    done_before, empty = tmp_path / "done", tmp_path / "empty"
    assert call("enhance", photos, "-o", done_before).returncode == 0
    empty.mkdir()
    bound = [["mount", "--bind", p, p] for p in (photos, done_before, empty)]
    if subprocess.run(bound[0], capture_output=True).returncode:
        pytest.skip("a read-only folder needs the right to mount one, as root ignores modes")
    mounted = [photos]
    try:
        for words in bound[1:]:
            subprocess.run(words, check=True)
            mounted.append(words[2])
        for path in mounted:
            subprocess.run(["mount", "-o", "remount,ro,bind", path], check=True)
        done = call("enhance", photos, "-o", empty)
        assert done.returncode == 3
        assert sentences(done) == [
            f"noiser: {empty / JOURNAL_NAME}: cannot be written: Read-only file system"
        ]
        done = call("enhance", photos, "-o", done_before)
        assert done.returncode == 0
        assert "5 kept" in done.stderr
    finally:
        for path in mounted:
            subprocess.run(["umount", path], check=True)


def test_a_second_run_on_the_same_folder_is_exit_3_at_once(photos, tmp_path):
    with Journal(tmp_path / "out"):
        done = call("enhance", photos, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert sentences(done) == [
        f"noiser: {tmp_path / 'out'}: another run of noiser is writing there; "
        "start again when it has ended"
    ]
    assert digests(tmp_path / "out") == {}
    assert call("enhance", photos, "-o", tmp_path / "out").returncode == 0


def test_what_is_no_regular_picture_is_named_or_left_out_and_nothing_waits(photos, tmp_path):
    os.mkfifo(photos / "pipe.jpg")
    (photos / "folder.jpg").mkdir()
    (photos / "empty.jpg").touch()
    (photos / "outside.jpg").symlink_to(__file__)
    (photos / "loop").symlink_to(photos)
    (photos / "dangling.png").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(photos / "socket.jpg"))
        done = call("enhance", photos, "-o", photos / "out", timeout=60)
    assert done.returncode == 1
    *failures, summary = sentences(done)
    named = {line.split(": ")[1] for line in failures}
    assert named == {str(photos / name) for name in ("pipe.jpg", "empty.jpg", "socket.jpg")}
    assert summary.startswith("5 enhanced, 3 failed, 3 left out (links 3); ")
    assert set(digests(photos / "out")) == {f"{i:04}.png" for i in range(COUNT)}


def test_a_folder_that_is_a_link_at_the_output_is_written_as_its_user_said(photos, tmp_path):
    """A link inside it is not followed, nor written through."""
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "real" / "0001.png").symlink_to(tmp_path / "mine")
    assert call("enhance", photos, "-o", tmp_path / "out", "--overwrite").returncode == 0
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert set(digests(tmp_path / "real")) == {f"{i:04}.png" for i in range(COUNT)}


def test_originals_are_as_before_whatever_happens(photos, tmp_path):
    def state():
        return {
            p: (hashlib.sha256(p.read_bytes()).digest(), p.stat().st_mtime_ns, p.stat().st_mode)
            for p in photos.iterdir()
        }

    (photos / "0000.png").chmod(0o444)
    (photos / "broken.png").write_bytes((photos / "0001.png").read_bytes()[:99])
    before = state()
    for words in ([], ["--same-look"], ["--overwrite"]):
        assert call("enhance", photos, "-o", tmp_path / "out", *words).returncode == 1
    assert state() == before
    assert len(before) == COUNT + 1


@traced
def test_a_dry_run_writes_nothing_and_foresees_the_real_run(photos, tmp_path):
    output = tmp_path / "out"
    call("enhance", photos, "-o", output)
    (output / "0003.png").unlink()
    before = {p: p.stat().st_mtime_ns for p in (output, output / JOURNAL_NAME)}
    calls = "trace=openat,open,creat,mkdir,mkdirat,rename,renameat,link,linkat,unlink,fsync"
    done = call(
        "enhance", photos, "-o", output, "--dry-run", "--color", "0.3",
        before=["strace", "-f", "-o", tmp_path / "log", "-e", calls],
        env=CALM,
    )  # fmt: skip
    log = (tmp_path / "log").read_text().splitlines()
    assert any(str(output / JOURNAL_NAME) in line for line in log)
    writes = [x for x in log if "O_WRONLY" in x or "O_RDWR" in x or "O_CREAT" in x]
    assert [x for x in writes if "/dev/null" not in x and "/dev/tty" not in x] == []
    assert not [x for x in log if any(f"{w}(" in x for w in ("mkdir", "rename", "link", "unlink"))]
    assert {p: p.stat().st_mtime_ns for p in before} == before
    told = [line.rsplit(" ", 1)[1] for line in done.stdout.splitlines()]
    assert told == ["(renewed)"] * 3 + ["(planned)", "(renewed)"]
    done = call("enhance", photos, "-o", output, "--color", "0.3")
    assert done.stderr.startswith("5 enhanced, 4 of them anew")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_folder_and_its_workers_within_five_seconds(tmp_path, number, code):
    photos, output = write_photos(tmp_path / "in", 60, side=200), tmp_path / "out"
    with subprocess.Popen([*NOISER, "enhance", photos, "-o", output], stderr=-1) as process:
        while not list(output.glob("*.png")):
            time.sleep(0.01)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        start = time.monotonic()
        process.send_signal(number)
        _, stderr = process.communicate()
    assert time.monotonic() - start < 5
    assert process.returncode == code
    assert b"Traceback" not in stderr
    assert children
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    unnoted = set(digests(output)) - set(read_journal(output).done)
    assert len(unnoted) <= len(children)  # complete, though nobody was told; compared next time
    assert call("enhance", photos, "-o", output).returncode == 0
    assert len(digests(output)) == 60


def test_a_second_signal_ends_the_process_at_once(tmp_path):
    """The first is still at work: it waits for a picture that never comes to its end."""
    script = (
        "import os, signal, threading, time, sys\n"
        "from noiser.jobs import job\n"
        "def forever(*_):\n"
        "    os.kill(os.getpid(), signal.SIGTERM); time.sleep(0.5)\n"
        "    os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)\n"
        "job.enhance_source = forever\n"
        "sys.argv = ['noiser', 'enhance', 'in/0000.png', '-o', 'x.png']\n"
        "from noiser.cli import main; main()"
    )
    write_photos(tmp_path / "in", 1)
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert (done.returncode, done.stderr) == (143, b"")
    assert time.monotonic() - start < 20


LEAK = """
import os, resource, sys
from pathlib import Path
from noiser import Enhancer
from noiser.io.limits import Limits
from noiser.jobs.batch import run
from noiser.jobs import job
from noiser.jobs.plan import make_plan
from noiser.jobs.options import JobOptions
where, count = Path(sys.argv[1]), [0]
def told(result):
    assert result.status == "done"
    count[0] += 1
    if count[0] % 100 == 0:
        rss = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        print(count[0], rss, len(os.listdir("/proc/self/fd")))
items = make_plan([where], where.with_name("out")).items
run.SUPERVISED_FROM = int(sys.argv[2])
run.run(items, JobOptions(Enhancer(threads=1)), jobs=2, on_result=told)
"""


@pytest.mark.parametrize("supervised_from", [4, 10_000], ids=["workers", "threads"])
def test_two_thousand_pictures_need_no_more_memory_than_some(tmp_path, supervised_from):
    """In the process that holds the plan and the journal; with threads, that does the work too."""
    photos = write_photos(tmp_path / "in", 10, side=16)
    for i in range(10, 2000):
        os.link(photos / f"{i % 10:04}.png", photos / f"{i:04}.png")
    words = [sys.executable, "-c", LEAK, photos, str(supervised_from)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stderr == ""
    table = np.array([[int(n) for n in line.split()] for line in done.stdout.splitlines()])
    assert table[-1, 0] == 2000
    late = table[5:]
    slope = np.polyfit(late[:, 0], late[:, 1], 1)[0]
    assert slope < 1024
    assert late[:, 2].max() <= table[:5, 2].min() + 4  # two threads, two files each
    assert not list((tmp_path / "out").glob(f".*{PARTIAL_SUFFIX}"))


def test_modes_of_outputs_are_those_of_new_files(photos, tmp_path):
    """Nothing is handed on of the partial file."""
    mask = os.umask(0o027)
    try:
        assert call("enhance", photos, "-o", tmp_path / "out").returncode == 0
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "out" / "0000.png").stat().st_mode) == 0o640
