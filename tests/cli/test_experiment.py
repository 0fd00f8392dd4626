"""`noiser experiment`: what it lists, refuses and writes."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import noiser
from noiser.cli.experiment import command
from noiser.core.errors import MissingExtraError

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from experiments import ORDER, lab, running  # noqa: E402


def call(*words):
    """Run the command in this process."""
    return CliRunner().invoke(command, list(words), catch_exceptions=True)


def test_list_names_every_experiment_with_its_first_line():
    done = call("list")

    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(ORDER)
    assert lines[0].endswith("A network that copies noise enhances dark images.")


def test_an_unknown_experiment_is_a_usage_error():
    done = call("n_regresion")

    assert done.exit_code == 2
    assert "there is no experiment 'n_regresion'; noiser experiment list names them" in done.stderr


def test_without_a_name_it_says_what_to_give():
    assert call().exit_code == 2


def test_an_installed_package_without_the_clone_says_where_the_lab_is(monkeypatch, tmp_path):
    monkeypatch.setattr(noiser, "__file__", str(tmp_path / "a" / "b" / "noiser" / "__init__.py"))

    done = call("list")

    assert isinstance(done.exception, MissingExtraError)
    assert "the lab is not part of the installed package" in str(done.exception)


def test_a_missing_library_is_named(monkeypatch):
    def import_module(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name="matplotlib")

    monkeypatch.setattr("noiser.cli.experiment.import_module", import_module)

    done = call("list")

    assert "the lab needs matplotlib" in str(done.exception)


def test_absent_test_images_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(lab, "DATA", tmp_path)

    done = call("n_regression")

    assert isinstance(done.exception, MissingExtraError)
    assert "test images are absent: dicm12, lime, lol-v1" in str(done.exception)


def test_the_absent_pristine_model_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(running, "lacking", lambda _: [])
    monkeypatch.setattr(running, "NIQE_MODEL", tmp_path / "none.npz")

    assert "`make niqe` fetches it" in str(call("metrics").exception)


def test_all_skips_what_lacks_its_pictures_and_says_so(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(lab, "DATA", tmp_path)
    monkeypatch.setattr(running, "run", lambda names, *_, **__: ran.extend(names) or [])

    done = call("all", "--quick")

    assert done.exit_code == 0
    assert ran == ["efficiency", "downstream"]
    assert "noiser: c_regression is skipped: test images are absent: lol-v1" in done.stderr


@pytest.fixture
def written(monkeypatch, tmp_path, shared_data):
    """Run one experiment quickly, its cells in this process; give the folder and the answer."""

    def compute(cells, _jobs):
        for cell in cells:
            yield cell, lab.rounded(cell.task(**cell.arguments))

    monkeypatch.setattr(running, "QUICK", tmp_path)
    monkeypatch.setattr(running, "compute", compute)
    return tmp_path, call("c_regression", "--quick", "--jobs", "1")


def test_a_quick_run_writes_results_figures_and_a_report_beside_the_real_ones(written):
    folder, done = written

    assert done.exit_code == 0, done.exception
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "REPORT.md",
        "figures/c_regression.png",
        "figures/c_regression_white.png",
        "results/c_regression.json",
    }
    assert set(done.stdout.splitlines()) == {str(folder / name) for name in names}


def test_results_say_how_they_were_made(written):
    found = json.loads((written[0] / "results" / "c_regression.json").read_text())

    assert found["command"] == "noiser experiment c_regression --quick"
    assert found["is_quick"]
    assert found["versions"]["noiser"] == noiser.__version__
    assert {"color", "seed", "iterations", "limit"} == set(found["cells"][0]["arguments"])


def test_fresh_forgets_what_was_computed(monkeypatch, tmp_path, shared_data):
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(running, "KEPT", kept)
    monkeypatch.setattr(running, "QUICK", tmp_path / "quick")
    monkeypatch.setattr(
        running,
        "compute",
        lambda cells, _: ((c, lab.rounded(c.task(**c.arguments))) for c in cells),
    )

    call("c_regression", "--quick")
    assert kept.exists()
    call("c_regression", "--quick", "--fresh")
    assert not kept.exists()
