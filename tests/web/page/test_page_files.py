"""The page's files: small, complete, and saying nothing that the package says elsewhere."""

import gzip
import json
import re
from importlib import import_module

import numpy as np
import pytest

from noiser.look import presets
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS
from noiser.model.network import from_bytes, packaged
from noiser.web import page_files as page
from noiser.web.page_files import TOLD, facts, page_files, shortened

MAX_BYTES = 65_000
"""Of the whole page, each file gzipped: it is to open at once, on a phone, far from a city."""

FILES = page_files()
SCRIPTS = [name for name in FILES if name.endswith(".js")]


def names_in(module):
    """List a module's constants that are numbers or tuples of them."""
    names = vars(import_module(f"noiser.{module}"))
    return {name: names[name] for name in names if name in facts()["constants"]}


def test_the_page_weighs_at_most_65_kilobytes():
    """Weights, facts and icons included."""
    sizes = {name: len(gzip.compress(data, 9)) for name, data in FILES.items()}

    assert sum(sizes.values()) <= MAX_BYTES, sizes


def test_the_scanners_found_scripts():
    """A scan of nothing would pass everything."""
    assert {"index.html", "style.css", "facts.json"} <= set(FILES)
    assert len(SCRIPTS) > 10


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_has_at_most_300_lines(script):
    """Longer ones have a second idea in them."""
    assert FILES[script].count(b"\n") <= 300


@pytest.mark.parametrize("name", [n for n in FILES if not n.startswith("weights/")])
def test_a_file_names_no_other_host(name):
    """Nothing is fetched from anywhere; a namespace of SVG is a name and no address."""
    addresses = re.findall(rb"(?:https?:)?//[a-z0-9-]+\.[a-z]+[^\s\"'<>)]*", FILES[name])

    assert [a for a in addresses if a != b"http://www.w3.org/2000/svg"] == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_script_imports_is_there(script):
    """As a static host would find it."""
    text = FILES[script].decode()
    folder = script.rpartition("/")[0]
    found = re.findall(
        r"(?:from|import\(|import|new URL\()\s*\"(\.{1,2}/[^\"]+|[a-z]+\.js)\"", text
    )

    for name in found:
        parts = [p for p in f"{folder}/{name}".split("/") if p not in ("", ".")]
        while ".." in parts:
            at = parts.index("..")
            del parts[at - 1 : at + 1]
        path = "/".join(parts)
        assert path in FILES or any(file.startswith(f"{path}/") for file in FILES) or not path


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shortened_script_keeps_its_lines(script):
    """A browser's message names the line that the reader of the source sees."""
    source = (page.FOLDER / script).read_text()

    assert FILES[script].count(b"\n") == source.count("\n")
    assert len(FILES[script]) < len(source)


def test_what_is_no_remark_is_kept():
    """Addresses and divisions in code, and text behind it."""
    code = 'const a = "https://x"; // said\nb = c\n/ d;\n/* one */ e();\n/**\n * Two.\n */\nf();\n'

    assert shortened(code) == (
        'const a = "https://x"; // said\nb = c\n/ d;\n/* one */ e();\n\n\n\nf();\n'
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shortened_script_differs_in_spaces_alone(script):
    """Also where a text has signs, which stays as it is."""
    remarks = shortened((page.FOLDER / script).read_text())
    lines = zip(remarks.split("\n"), FILES[script].decode().split("\n"), strict=True)
    for before, after in lines:
        assert after.replace(" ", "") == before.replace(" ", "")
        assert after.split('"')[1::2] == before.split('"')[1::2]


def test_signs_of_a_script_need_no_spaces():
    """What would be another sign without them keeps them."""
    code = (
        'let a = b - -c, d = e ? f : g / h;\nlet i = "j = k";\nif (l >= m && n) o => p;\n'
        "q = r++ + s - (t - u) + ++v;\nreturn -w + #x in y;\nz += 1;\n"
    )
    assert shortened(code, is_script=True) == (
        'let a=b - -c,d=e?f:g/h;\nlet i="j = k";\nif(l>=m&&n)o=>p;\n'
        "q=r++ +s-(t-u)+ ++v;\nreturn -w+#x in y;\nz+=1;\n"
    )


def test_lines_with_other_quotes_keep_their_spaces():
    """Patterns, remarks, texts in backquotes, and those that go on in the next line."""
    code = "a = `b = c`;\nd = /e = f/;\ng = h; // i = j\nk = \"l = m, \\\nn = o\";\np = 'q = r';\n"
    assert shortened(code, is_script=True) == code


def test_the_facts_are_the_packages_own():
    """Looks, knobs and presets, each with all its values."""
    told = json.loads(FILES["facts.json"])

    assert list(told["looks"]) == list(LOOKS)
    assert told["looks"]["natural"]["color"] == LOOKS["natural"].color
    assert told["looks"]["paper"]["padding"] == "zero"
    declared = [k for k in knobs() if k.name != "eps"]
    assert [k["name"] for k in told["knobs"]] == [k.name for k in declared]
    assert [(k["low"], k["high"], k["help"]) for k in told["knobs"]] == [
        (k.metadata["low"], k.metadata["high"], k.metadata["help"]) for k in declared
    ]
    assert set(told["presets"]) == set(presets.all_presets(None))
    assert told["presets"]["gentle"]["strength"] == presets.preset("gentle")["strength"]


def test_a_constant_has_one_value_wherever_it_is_named():
    """So that a name is enough to tell it by."""
    found = {}
    for module in TOLD:
        for name, value in names_in(module).items():
            assert found.setdefault(name, value) == value, (module, name)
    assert found["TONES"] == 1021
    assert found["LUMA"] == (0.299, 0.587, 0.114)


def test_the_weights_are_those_of_the_looks():
    """Number for number; `from_bytes` checks their SHA-256."""
    for name in LOOKS:
        network, own = from_bytes(FILES[f"weights/{name}.safetensors"]), packaged(name)
        assert network.hidden_channels == own.hidden_channels
        for array in ("first_weight", "first_bias", "second_weight", "second_bias"):
            assert np.array_equal(getattr(network, array), getattr(own, array))


def test_files_of_other_kinds_stay_at_home(tmp_path, monkeypatch):
    """An editor's leftovers are not handed out."""
    (tmp_path / "index.html").write_bytes(b"page")
    (tmp_path / "index.html~").write_bytes(b"old")
    monkeypatch.setattr(page, "FOLDER", tmp_path)

    assert [n for n in page_files() if not n.startswith(("facts", "weights"))] == ["index.html"]
