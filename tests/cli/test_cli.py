"""The command line keeps its contract: streams, exit codes, one sentence for each failure."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import dark_rgb, picture, saved

import noiser
from noiser.cli import COMMANDS, group
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.model.network import load
from noiser.model.training.config import PRESETS, TrainingConfig
from noiser.tools import quality


def call(*words: str | Path, cwd: Path, stdin: bytes | None = None) -> subprocess.CompletedProcess:
    """Run noiser as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "noiser", *map(str, words)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=300,
    )


@pytest.fixture
def night(tmp_path) -> Path:
    """A folder with one dark picture."""
    (tmp_path / "night.png").write_bytes(saved(picture(), "PNG"))
    return tmp_path


def test_help_lists_the_commands_with_the_first_line_of_their_own_help(tmp_path):
    done = call("--help", cwd=tmp_path)
    assert done.returncode == 0
    for name, line in COMMANDS.items():
        command = group.get_command(None, name)
        assert command.help.splitlines()[0] == line
        assert f"{name}" in done.stdout.decode()
        assert line in done.stdout.decode()


def test_help_imports_neither_numpy_nor_pillow(tmp_path):
    code = (
        "import sys, noiser.cli\n"
        "try: noiser.cli.group.main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'numpy', 'PIL', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def at_its_end(code, *words, cwd, **environment):
    """Run noiser in a process that prints the value of some code when it ends."""
    script = (
        "import atexit, os, sys\n"
        f"atexit.register(lambda: print({code}))\n"
        f"sys.argv = {['noiser', *words]}\n"
        "from noiser.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux lists them")
def test_importing_numpy_starts_no_threads(night):
    """OpenBLAS would start one a processor."""
    count = "len(os.listdir('/proc/self/task'))"

    assert at_its_end(count, "info", cwd=night) == "1"


def test_the_users_own_number_of_blas_threads_is_kept(night):
    """It is the environment's, not ours."""
    value = "os.environ['OPENBLAS_NUM_THREADS']"

    assert at_its_end(value, "info", cwd=night, OPENBLAS_NUM_THREADS="3") == "3"


SLOW = ["importlib.metadata", "importlib.resources", "tempfile", "torch", "click._termui_impl"]
"""Modules that take longer to load than a small picture to enhance, or nearly."""


def test_pictures_are_enhanced_without_what_is_slow_to_load(night):
    """Where stderr is no terminal there is no bar to draw, and nothing needs the others."""
    (night / "2.png").write_bytes(saved(picture(), "PNG"))
    loaded = f"[m for m in {['numpy', *SLOW]} if m in sys.modules]"

    assert at_its_end(loaded, "enhance", "night.png", "2.png", cwd=night) == "['numpy']"


@pytest.mark.parametrize(("count", "is_drawn"), [(1, False), (2, True)])
def test_a_bar_is_drawn_on_a_terminal_for_two_pictures(night, count, is_drawn):
    """One is done before it could be read."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    names = [f"{i}.png" for i in range(count)]
    for name in names:
        (night / name).write_bytes(saved(picture(), "PNG"))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))

    subprocess.run([sys.executable, "-m", "noiser", "enhance", *names], cwd=night, stderr=theirs)
    os.close(theirs)
    drawn = os.read(ours, 1 << 16)
    os.close(ours)

    assert (b"  0 of 2 done" in drawn) is is_drawn
    assert f"{count} enhanced".encode() in drawn


def test_the_version_is_told(tmp_path):
    assert call("--version", cwd=tmp_path).stdout.decode() == f"noiser {noiser.__version__}\n"


def test_a_file_is_enhanced_beside_itself(night):
    done = call("enhance", "night.png", cwd=night)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode().startswith("1 enhanced, 0 failed; ")
    assert done.stderr.decode().endswith(" megapixels a second\n")
    made = decode((night / "night_enhanced.png").read_bytes()).pixels
    np.testing.assert_array_equal(made, noiser.enhance(dark_rgb()))


def test_knobs_and_looks_reach_the_enhancer(night):
    words = ["--look", "paper", "--strength", "0.5", "--brightness", "-0.2", "--contrast", "1.5"]
    words += ["--color", "0.4", "--noise-floor", "0.01", "--black", "0.2", "--threads", "1"]
    assert call("enhance", "night.png", "-o", "x.png", *words, cwd=night).returncode == 0
    expected = noiser.enhance(
        dark_rgb(), "paper", strength=0.5, brightness=-0.2, contrast=1.5, color=0.4,
        noise_floor=0.01, black=0.2,
    )  # fmt: skip
    np.testing.assert_array_equal(decode((night / "x.png").read_bytes()).pixels, expected)


def test_a_pipe_goes_from_stdin_to_stdout(tmp_path):
    done = call("enhance", "-", cwd=tmp_path, stdin=saved(picture(), "PNG"))
    assert (done.returncode, done.stderr) == (0, b"")
    np.testing.assert_array_equal(decode(done.stdout).pixels, noiser.enhance(dark_rgb()))
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_can_end_in_a_file_of_another_format(tmp_path):
    done = call("enhance", "-", "-o", "x.webp", cwd=tmp_path, stdin=saved(picture("CMYK"), "TIFF"))
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == b"noiser: -: CMYK was converted to sRGB\n"
    assert decode((tmp_path / "x.webp").read_bytes()).format == "WEBP"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bound no address space")
@pytest.mark.parametrize("words", [["night.png", "-o", "x.png"], ["-", "-o", "x.png"]])
def test_a_small_picture_is_enhanced_where_there_is_little_memory(night, words):
    """In 800 MB of address space, less than the largest file that could come."""
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (800 << 20,) * 2)\n"
        f"sys.argv = {['noiser', 'enhance', '--threads', '1', *words]}\n"
        "from noiser.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=night, input=saved(picture(), "PNG"), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert decode((night / "x.png").read_bytes()).format == "PNG"


@pytest.mark.parametrize(
    ("stdin", "text"),
    [
        (b"", "noiser: -: nothing came in; a picture is expected on stdin\n"),
        (
            b"8BPS\0\1",
            "noiser: -: a Photoshop file; it must be JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC, "
            "JPEG XL, JPEG 2000 or camera raw\n",
        ),
    ],
)
def test_a_bad_pipe_is_one_sentence_and_exit_1(tmp_path, stdin, text):
    done = call("enhance", "-", cwd=tmp_path, stdin=stdin)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", text)


def test_a_pipe_neither_replaces_a_file_nor_fails_without_a_sentence(night):
    stdin = saved(picture(), "PNG")
    done = call("enhance", "-", "-o", "night.png", cwd=night, stdin=stdin)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"noiser: night.png is there already; --overwrite replaces it\n"
    done = call("enhance", "-", "-o", "night.png/x.png", cwd=night, stdin=stdin)
    assert done.returncode == 3
    assert done.stderr.startswith(b"noiser: night.png/x.png: cannot be written: ")
    assert (night / "night.png").read_bytes() == stdin


@pytest.mark.parametrize(
    "words",
    [
        ["enhance"],
        ["enhance", "night.png", "--color", "2"],
        ["enhance", "night.png", "--look", "sepia"],
        ["enhance", "night.png", "--kernel", "abacus"],
        ["enhance", "night.png", "-o", "night.png"],
        ["enhance", "night.png", "-o", "x.psd"],
        ["enhance", "-", "night.png"],
        ["enhance", "-", "-o", "x.psd"],
        ["train", "--preset", "none"],
        ["train", "--hidden-channels", "1000"],
        ["evaluate", "night.png", "."],
        ["evaluate", "night.png"],
        ["evaluate", "night.png", "--low", "."],
        ["brighten"],
    ],
)
def test_wrong_words_are_exit_2_and_write_nothing(night, words):
    done = call(*words, cwd=night, stdin=saved(picture(), "PNG"))
    assert done.returncode == 2
    assert b"Error: " in done.stderr
    assert b"Traceback" not in done.stderr
    assert [p.name for p in night.iterdir()] == ["night.png"]


def test_failures_are_named_and_exit_1(night):
    (night / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    done = call("enhance", "night.png", "broken.jpg", "missing.jpg", "-o", "out", cwd=night)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert sorted(line.split(": ")[1] for line in lines[:-1]) == ["broken.jpg", "missing.jpg"]
    assert lines[-1].startswith("1 enhanced, 2 failed; ")


def test_json_counts_and_describes_every_file(night):
    (night / "a.txt").write_text("no picture")
    (night / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    done = call("enhance", ".", "-o", "out", "--json", cwd=night)
    report = json.loads(done.stdout)
    assert {k: report[k] for k in ("done", "kept", "failed", "left_out")} == {
        "done": 1, "kept": 0, "failed": 1, "left_out": {".txt": 1},
    }  # fmt: skip
    assert [row["status"] for row in report["files"]] == ["failed", "done"]
    assert report["files"][1]["input"] == "night.png"
    assert report["files"][1]["output"] == str(Path("out/night.png"))
    assert (report["files"][1]["width"], report["files"][1]["height"]) == (16, 12)
    assert report["files"][0]["message"].startswith("damaged JPEG data")


def test_a_second_run_keeps_everything_and_says_so(night):
    call("enhance", ".", "-o", "out", cwd=night)
    before = (night / "out/night.png").stat().st_mtime_ns
    done = call("enhance", ".", "-o", "out", cwd=night)
    assert done.returncode == 0
    assert b"1 kept (there already; --overwrite renews them)" in done.stderr
    assert (night / "out/night.png").stat().st_mtime_ns == before


def test_a_dry_run_shows_what_the_real_run_then_does(night):
    (night / "sub").mkdir()
    (night / "sub/2.png").write_bytes(saved(picture(), "PNG"))
    plan = json.loads(call("enhance", ".", "-o", "out", "--dry-run", "--json", cwd=night).stdout)
    shown = call("enhance", ".", "-o", "out", "--dry-run", cwd=night).stdout.decode()
    assert not (night / "out").exists()
    assert "night.png -> out/night.png (planned)\n" in shown
    call("enhance", ".", "-o", "out", cwd=night)
    made = {str(p.relative_to(night)) for p in (night / "out").rglob("*.png")}
    assert made == {row["output"] for row in plan["files"]}


def test_a_folder_that_cannot_be_made_fails_its_picture(night):
    done = call("enhance", "night.png", "-o", "/proc/noiser/x.png", cwd=night)
    assert done.returncode == 1
    assert b"cannot be written: No such file or directory" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_full_disk_is_exit_3_and_leaves_only_whole_files(night):
    full = night / "full"
    full.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(full)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a full disk needs the right to mount one")
    try:
        noise = np.random.default_rng(0).integers(0, 60, (100, 80, 3)).astype(np.uint8)
        for i in range(6):
            (night / f"{i}.bmp").write_bytes(saved(noiser_image(noise), "BMP"))
        done = call("enhance", *[f"{i}.bmp" for i in range(6)], "-o", full, cwd=night)
        assert done.returncode == 3
        assert b"No space left on device" in done.stderr
        left = list(full.glob("*.bmp"))
        assert left
        for path in left:
            assert decode(path.read_bytes()).pixels.shape == (100, 80, 3)
    finally:
        subprocess.run(["umount", str(full)], check=True)


def noiser_image(pixels: np.ndarray):
    """A PIL image of an array."""
    from PIL import Image

    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_ends_the_run_with_its_code_and_no_partial_files(night, number, code):
    """The pipe blocks the reading of stdin until the signal comes."""
    with subprocess.Popen(
        [sys.executable, "-m", "noiser", "enhance", "-"],
        cwd=night,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        wait_until_reading(process.pid)
        process.send_signal(number)
        _, stderr = process.communicate()
    assert process.returncode == code
    assert b"Traceback" not in stderr
    assert [p.name for p in night.iterdir()] == ["night.png"]


def test_an_interrupted_training_leaves_no_file(night):
    """The noise tells when the first step is reached; torch's import is no moment to test."""
    code = (
        "import sys\n"
        "from noiser.model.training import self_regression as training\n"
        "noise = training.noise_images\n"
        "training.noise_images = lambda *a: (print('step', flush=True), noise(*a))[1]\n"
        "sys.argv = ['noiser', 'train', '--iterations', '1000000', '-o', 'w']\n"
        "from noiser.cli import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=night, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()
    assert process.returncode == 130
    assert stderr.strip() == b"noiser: interrupted"
    assert [p.name for p in night.iterdir()] == ["night.png"]


def wait_until_reading(pid: int) -> None:
    """Wait until a process sleeps in a read from its pipe (Linux tells what it waits for)."""
    while not Path(f"/proc/{pid}/wchan").exists() or (
        "pipe" not in Path(f"/proc/{pid}/wchan").read_text()
        and not Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 ")
    ):
        os.sched_yield()


@pytest.mark.parametrize(
    ("library", "told"),
    [
        (None, b"the native kernel was not built (is there a C compiler?)"),
        (b"", b"the native kernel is not used: libkernel.so cannot be loaded ("),
    ],
)
def test_without_the_native_kernel_the_reference_serves_and_says_so_once(night, library, told):
    if library is not None:
        (night / "libkernel.so").write_bytes(library)
    code = (
        "from pathlib import Path\n"
        "from noiser.engine.kernels import native\n"
        "native.LIBRARY = Path('libkernel.so')\n"
        "import sys; sys.argv = ['noiser', 'enhance', 'night.png', '-o', 'x.png']\n"
        "from noiser.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=night, capture_output=True)
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.splitlines() if b"kernel" in line]
    assert line.startswith(b"noiser: " + told)
    assert line.endswith(b"; the NumPy kernel serves, many times slower")
    assert b"Warning" not in done.stderr
    made = decode((night / "x.png").read_bytes()).pixels.astype(int)
    assert abs(made - noiser.enhance(dark_rgb())).max() <= 1


def test_a_picture_70000_pixels_wide_goes_through_when_it_is_let(tmp_path):
    (tmp_path / "wide.png").write_bytes(saved(picture(height=20, width=70_000), "PNG"))
    done = call("enhance", "wide.png", "-o", "x.png", cwd=tmp_path)
    assert done.returncode == 1
    assert b"65535 pixels a side (--max-megapixels above its default raises it)" in done.stderr
    words = ["wide.png", "-o", "x.png", "--max-megapixels", "81"]
    assert call("enhance", *words, cwd=tmp_path).returncode == 0
    assert decode((tmp_path / "x.png").read_bytes(), Limits(max_side=70_000)).format == "PNG"


def test_a_large_picture_without_its_extra_says_what_to_install(night):
    code = (
        "import sys; sys.modules['pyvips'] = None\n"
        "from noiser.io.limits import Limits\n"
        "Limits.__init__.__defaults__ = (192, 191, *Limits.__init__.__defaults__[2:])\n"
        "sys.argv = ['noiser', 'enhance', 'night.png', '-o', 'x.png']\n"
        "from noiser.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=night, capture_output=True)
    assert done.returncode == 1
    assert (
        b"night.png: pictures this large, colours of 10 to 16 bits and floats need pyvips"
        in done.stderr
    )
    assert b"pip install 'noiser[io]'" in done.stderr
    assert [path.name for path in night.iterdir()] == ["night.png"]


def test_a_picture_in_strips_has_a_bar_on_a_terminal(night):
    code = (
        "import sys\n"
        "from noiser.io.limits import Limits\n"
        "Limits.__init__.__defaults__ = (192, 191, *Limits.__init__.__defaults__[2:])\n"
        "sys.argv = ['noiser', 'enhance', 'night.png']\n"
        "from noiser.cli import main; main()"
    )
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    done = subprocess.run([sys.executable, "-c", code], cwd=night, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while more := os.read(ours, 4096):
            shown += more
    os.close(ours)
    assert done.returncode == 0
    assert b"  0 of 1 done" in shown
    assert b"1 enhanced, 0 failed" in shown


def test_train_writes_a_network_that_enhance_uses(night):
    words = ["train", "--iterations", "3", "--hidden-channels", "4", "-o", "new/w.safetensors"]
    done = call(*words, "--seed", "5", cwd=night)
    path = night / "new/w.safetensors"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert done.returncode == 0
    assert done.stdout.decode().startswith("new/w.safetensors: 223 parameters, ")
    assert done.stdout.decode().endswith(f" seconds, SHA-256 {digest}\n")
    recipe = TrainingConfig(seed=5, iterations=3, hidden_channels=4)
    assert load(path).provenance["recipe"] == recipe.to_json()
    assert call(*words, cwd=night).returncode == 2
    call("enhance", "night.png", "--weights", path, "-o", "x.png", cwd=night)
    np.testing.assert_array_equal(
        decode((night / "x.png").read_bytes()).pixels, noiser.enhance(dark_rgb(), weights=path)
    )


def test_train_without_torch_says_what_to_install(night):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "sys.argv = ['noiser', 'train']\n"
        "from noiser.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=night, capture_output=True)
    assert done.returncode == 1
    assert (
        b"training needs torch, which is not installed: pip install 'noiser[train]'" in done.stderr
    )
    assert [p.name for p in night.iterdir()] == ["night.png"]


def test_a_bad_weights_file_is_one_sentence(night):
    done = call("enhance", "night.png", "--weights", "night.png", cwd=night)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("noiser: night.png: not noiser weights: ")


@pytest.mark.parametrize(("look", "parameters"), [("natural", 443), ("paper", 883)])
def test_info_tells_of_kernels_and_weights(tmp_path, look, parameters):
    facts = json.loads(call("info", "--json", "--look", look, cwd=tmp_path).stdout)
    assert facts["parameters"] == parameters
    assert facts["kernels"][-2:] == ["reference", "torch"]
    recipe = json.loads(facts["trained with recipe"])
    assert recipe.items() <= json.loads(PRESETS[look].to_json()).items()
    assert recipe["iterations"] == 2000
    table = call("info", "--look", look, cwd=tmp_path).stdout.decode()
    assert facts["sha256"] in table


def test_info_reads_another_weights_file(night):
    call("train", "--iterations", "1", "--hidden-channels", "4", "-o", "w", cwd=night)
    facts = json.loads(call("info", "--json", "--weights", "w", cwd=night).stdout)
    assert (facts["weights"], facts["parameters"]) == ("w", 223)
    assert facts["trained with torch"] == torch.__version__


def test_evaluate_compares_two_files(tmp_path):
    reference = dark_rgb(32, 32)
    (tmp_path / "a.png").write_bytes(saved(noiser_image(reference + 10), "PNG"))
    (tmp_path / "b.bmp").write_bytes(saved(noiser_image(reference), "BMP"))
    report = json.loads(call("evaluate", "a.png", "b.bmp", "--json", cwd=tmp_path).stdout)
    assert report["files"]["a.png"]["psnr"] == pytest.approx(10 * np.log10(255**2 / 100))
    assert [*report["mean"]] == ["psnr", "ssim", "ssim_7x7", "gt_mean_psnr", "delta_e_2000"]


def test_evaluate_matches_folders_by_name_and_names_what_is_missing(tmp_path):
    for folder, suffix in (("out", ".png"), ("ref", ".bmp")):
        (tmp_path / folder).mkdir()
        for name in ("1", "2"):
            image = picture("L" if name == "2" else "RGB", 32, 32)
            (tmp_path / folder / (name + suffix)).write_bytes(saved(image, suffix[1:].upper()))
    done = call("evaluate", "out", "ref", cwd=tmp_path)
    table = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert [line.split()[0] for line in table] == ["PSNR", "1.png", "2.png", "mean"]
    assert table[1].split()[1:] == ["inf", "1.0000", "1.0000", "inf", "0.00"]
    (tmp_path / "out/3.png").write_bytes(saved(picture(height=32, width=32), "PNG"))
    done = call("evaluate", "out", "ref", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.decode() == "noiser: 3.png: there is no reference of this name\n"
    report = json.loads(done.stdout)
    assert report["failed"] == {"3.png": "there is no reference of this name"}
    assert report["files"]["1.png"]["psnr"] is None


@pytest.fixture
def rated(tmp_path) -> Path:
    """Two outputs, their references and inputs in folders, and a pristine model of nothing."""
    for place, (folder, gain) in enumerate((("out", 2), ("ref", 2), ("low", 1))):
        (tmp_path / folder).mkdir()
        for name in (1, 2):
            image = noiser_image(gain * dark_rgb(100, 200, seed=10 * place + name))
            (tmp_path / folder / f"{name}.png").write_bytes(saved(image, "PNG"))
    np.savez(tmp_path / "model.npz", mu_pris_param=np.ones((1, 36)), cov_pris_param=np.eye(36))
    return tmp_path


def test_evaluate_shows_the_columns_asked_for_in_their_order(rated):
    all_ = ["PSNR [dB]", "SSIM", "SSIM 7x7", "GT-mean PSNR [dB]", "DeltaE2000", "LOE", "NIQE"]
    for words, expected in (
        (["ref"], all_[:5]),
        (["--low", "low"], all_[5:6]),
        (["--niqe", "model.npz"], all_[6:]),
        (["ref", "--niqe", "model.npz", "--low", "low"], all_),
    ):
        done = call("evaluate", "out", *words, cwd=rated)
        assert done.returncode == 0
        table = done.stdout.decode().splitlines()
        assert table[0].split() == " ".join(expected).split()
        assert [row.split()[0] for row in table[1:]] == ["1.png", "2.png", "mean"]
        assert {len(row.split()) for row in table[1:]} == {1 + len(expected)}
        assert len({len(row) for row in table}) == 1


def test_evaluate_gives_json_the_numbers_of_the_library(rated):
    words = ["ref", "--low", "low", "--niqe", "model.npz", "--json"]
    report = json.loads(call("evaluate", "out", *words, cwd=rated).stdout)
    output, reference, low = (
        decode((rated / folder / "1.png").read_bytes()).pixels for folder in ("out", "ref", "low")
    )
    found = report["files"]["1.png"]
    assert [*found][4:] == ["delta_e_2000", "loe", "niqe"]
    assert found["delta_e_2000"] == quality.delta_e_2000(output, reference) > 0
    assert found["loe"] == quality.loe(output, low) > 0
    assert found["niqe"] == quality.niqe(output, quality.load_pristine(rated / "model.npz"))
    assert report["mean"]["loe"] == (found["loe"] + report["files"]["2.png"]["loe"]) / 2


def test_evaluate_compares_one_file_with_one_dark_input(rated):
    done = call("evaluate", "out/1.png", "--low", "low/2.png", "--json", cwd=rated)
    assert done.returncode == 0
    assert [*json.loads(done.stdout)["files"]] == ["1.png"]


def test_evaluate_without_anything_to_compare_with_says_what_it_takes(rated):
    done = call("evaluate", "out", cwd=rated)
    assert done.returncode == 2
    sentence = "Error: nothing to compare with; give REFERENCE, --low or --niqe"
    assert done.stderr.decode().splitlines()[-1] == sentence


def test_evaluate_names_the_word_that_is_a_file_where_a_folder_is_needed(rated):
    done = call("evaluate", "out", "ref", "--low", "low/1.png", cwd=rated)
    assert done.returncode == 2
    sentence = "Error: OUTPUT is a folder and --low a file; both must be the same"
    assert done.stderr.decode().splitlines()[-1] == sentence


def test_evaluate_names_the_dark_input_that_is_missing_and_goes_on(rated):
    (rated / "low/2.png").unlink()
    done = call("evaluate", "out", "ref", "--low", "low", "--json", cwd=rated)
    assert done.returncode == 1
    assert done.stderr.decode() == "noiser: 2.png: there is no low-light input of this name\n"
    assert [*json.loads(done.stdout)["files"]] == ["1.png"]


def test_evaluate_names_the_picture_that_is_too_small_for_niqe_and_goes_on(rated):
    (rated / "out/2.png").write_bytes(saved(picture(height=32, width=32), "PNG"))
    done = call("evaluate", "out", "--niqe", "model.npz", "--json", cwd=rated)
    sentence = "the image is 32 x 32; NIQE needs at least two blocks of 96 x 96 pixels"
    assert done.returncode == 1
    assert done.stderr.decode() == f"noiser: 2.png: {sentence}\n"
    assert json.loads(done.stdout)["failed"] == {"2.png": sentence}


def test_evaluate_with_a_bad_pristine_model_is_one_sentence(rated):
    done = call("evaluate", "out", "--niqe", "out/1.png", cwd=rated)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith("noiser: out/1.png: not a pristine model of NIQE; ")
    done = call("evaluate", "out", "--niqe", "absent.npz", cwd=rated)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith("noiser: absent.npz: No such file or directory; ")
    assert len(done.stderr.splitlines()) == 1


def test_evaluate_refuses_other_sizes_and_16_bits_in_words(tmp_path):
    (tmp_path / "a.png").write_bytes(saved(picture(height=32, width=32), "PNG"))
    (tmp_path / "b.png").write_bytes(saved(picture(height=32, width=40), "PNG"))
    (tmp_path / "c.png").write_bytes(saved(picture("I;16", 32, 32), "PNG"))
    done = call("evaluate", "a.png", "b.png", cwd=tmp_path)
    assert done.returncode == 1
    assert b"the output is 32 x 32, the reference 40 x 32; sizes must be equal" in done.stderr
    assert b"16 bits found" in call("evaluate", "c.png", "c.png", cwd=tmp_path).stderr
