"""Architecture: caps, forbidden words and what an import may load, read from the source."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import noiser

SOURCE = Path(noiser.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
CODE = [path.relative_to(SOURCE).as_posix() for path in MODULES]

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "importlinter.toml"
FOLDERS = sorted(
    {path.parent for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
)

MAX_ENTRIES = 14
"""Of a folder: more than one takes in at a glance."""

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 60

FORBIDDEN = [
    "pickle.load",
    "eval(",
    "shell=True",
    "LOAD_TRUNCATED_IMAGES",
    "MAX_IMAGE_PIXELS =",
    "torch.load(",
]
"""Ways for a file to run code, or for a limit to be switched off."""

HEAVY = ["torch", "scipy", "matplotlib", "skimage", "pyvips"]


def text(module):
    """Read a module."""
    return (SOURCE / module).read_text(encoding="utf-8")


def functions(module):
    """List a module's functions, however deep."""
    tree = ast.parse(text(module))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_the_scanners_found_the_modules():
    """A scan of nothing would pass everything."""
    assert {
        "__init__.py",
        "statistics/moments.py",
        "engine/kernels/reference.py",
        "model/training/config.py",
    } <= set(CODE)


def test_the_scanners_found_functions():
    """As above."""
    assert sum(len(functions(module)) for module in CODE) > 80


@pytest.mark.parametrize("module", CODE)
def test_a_module_has_at_most_300_lines(module):
    """Longer ones have a second idea in them."""
    assert len(text(module).splitlines()) <= MAX_MODULE_LINES


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_folder_has_at_most_14_entries(folder):
    """Whatever git keeps: not what Python or a compiler leaves there."""
    entries = [path.name for path in folder.iterdir() if path.name != "__pycache__"]

    assert len([name for name in entries if not name.startswith("libkernel.so")]) <= MAX_ENTRIES


@pytest.mark.parametrize("folder", [f for f in FOLDERS if len(list(f.glob("*.py"))) > 2])
def test_a_folder_of_modules_has_a_contract_that_lists_all(folder):
    """So that a new module must be given a floor."""
    container = ".".join(("noiser", *folder.relative_to(SOURCE).parts))
    contracts = tomllib.loads(CONTRACTS.read_text())["tool"]["importlinter"]["contracts"]
    found = [c for c in contracts if c.get("containers") == [container]]

    assert [contract["exhaustive"] for contract in found] == [True]


@pytest.mark.skipif(
    not shutil.which("lint-imports", path=Path(sys.executable).parent),
    reason="import-linter is not installed",
)
@pytest.mark.parametrize(
    ("module", "text", "said"),
    [
        ("io/stray.py", "", "noiser.io.stray"),
        ("io/limits.py", "import noiser.io.photo", "noiser.io.limits -> noiser.io.photo"),
        ("core/color.py", "import noiser.engine", "noiser.core.color -> noiser.engine"),
    ],
)
def test_a_module_without_a_floor_and_an_import_that_goes_up_break_the_contract(
    tmp_path, module, text, said
):
    """Tried on a copy."""
    shutil.copytree(
        SOURCE, tmp_path / "noiser", ignore=shutil.ignore_patterns("*.so", "__pycache__")
    )
    with (tmp_path / "noiser" / module).open("a") as file:
        file.write(f"\n{text}\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", CONTRACTS]
    # or coverage would count the copy as modules that no test runs
    unmeasured = {name: v for name, v in os.environ.items() if not name.startswith("COV")}

    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path,
        env=unmeasured | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip

    assert done.returncode == 1
    assert said in done.stdout


def lines_of_code(function):
    """Count a function's lines from its `def` to its end, but for its docstring."""
    page = function.body[0] if ast.get_docstring(function) is not None else None
    return (
        function.end_lineno
        - function.lineno
        + 1
        - (page.end_lineno - page.lineno + 1 if page else 0)
    )


@pytest.mark.parametrize("module", CODE)
def test_a_function_has_at_most_60_lines(module):
    """Its docstring is not counted: a page that explains is no burden."""
    lengths = {f.name: lines_of_code(f) for f in functions(module)}

    assert {n: c for n, c in lengths.items() if c > MAX_FUNCTION_LINES} == {}


def test_lines_are_counted_without_the_docstring():
    """Worked by hand: `def`, two lines of code; the docstring of three is left out."""
    source = 'def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n'

    assert lines_of_code(ast.parse(source).body[0]) == 3


@pytest.mark.parametrize("module", [m for m in CODE if not m.startswith("cli/")])
def test_only_the_command_line_prints(module):
    """The engine reports by return values and callbacks."""
    calls = [n for n in ast.walk(ast.parse(text(module))) if isinstance(n, ast.Call)]

    assert "print" not in {getattr(call.func, "id", None) for call in calls}


@pytest.mark.parametrize("words", FORBIDDEN)
def test_no_module_has_a_forbidden_word(words):
    """See the list for why."""
    assert [module for module in CODE if words in text(module)] == []


@pytest.mark.parametrize(
    "code",
    [
        "import noiser",
        "import noiser, numpy; noiser.enhance(numpy.zeros((4, 4, 3), 'uint8'))",
        "import noiser, PIL.Image; noiser.enhance(PIL.Image.new('RGB', (4, 4)))",
        "import noiser; noiser.TrainingConfig(), noiser.train, noiser.Moments",
    ],
)
def test_heavy_modules_are_not_loaded(code):
    """Importing noiser, and enhancing an array or a PIL image, needs none of them."""
    script = f"{code}\nimport sys\nprint([m for m in {HEAVY} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_importing_noiser_loads_nothing_at_all_yet():
    """Not even NumPy: names are imported when they are first used."""
    script = "import noiser, sys; print('numpy' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("False\n", "")


def test_noiser_has_public_names():
    """The guard of the next tests."""
    assert {"Enhancer", "Moments", "enhance", "train"} <= set(noiser.__all__)


@pytest.mark.parametrize("name", [n for n in noiser.__all__ if n != "__version__"])
def test_a_public_name_has_a_docstring_of_its_own(name):
    """Not one that was inherited; the first line is a sentence."""
    page = vars(getattr(noiser, name)).get("__doc__") or getattr(noiser, name).__doc__

    assert page
    assert page.splitlines()[0].endswith(".")


def test_public_names_are_listed_by_dir():
    """Though they are imported late."""
    assert set(noiser.__all__) <= set(dir(noiser))


def test_another_name_is_an_attribute_error():
    """In Python's own words."""
    with pytest.raises(AttributeError, match=r"^module 'noiser' has no attribute 'brighten'$"):
        _ = noiser.brighten


def test_every_error_of_noiser_is_a_noiser_error():
    """One `except` catches all that is wrong with the world."""
    errors = [getattr(noiser, name) for name in noiser.__all__ if name.endswith("Error")]

    assert len(errors) > 5
    assert all(issubclass(error, noiser.NoiserError) for error in errors)
