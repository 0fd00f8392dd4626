"""Mutants: each of the table breaks a line that is there, and names tests that are there."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "mutants"))
try:
    import around
    import core
    import kernels
    import longruns
    import looks
    import rivals
    import strips
    import tensors
    import web
finally:
    sys.path.pop(0)

TABLES = (around, core, kernels, longruns, looks, rivals, strips, tensors, web)
TESTS = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}


def test_the_tables_are_those_that_run():
    found = {path.stem for path in (ROOT / "scripts" / "mutants").glob("*.py")}
    assert found == {table.__name__ for table in TABLES} | {"__main__", "mutant"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_each_mutant_finds_its_line_and_its_tests(table):
    """Where a line was rewritten, its mutant would break nothing, and nobody would know."""
    for mutant in table.MUTANTS:
        source = (ROOT / "src" / "noiser" / mutant.file).read_text()
        assert source.count(mutant.old) == 1, mutant
        assert {f"test_{name}" for name in mutant.tests.split()} <= TESTS, mutant
