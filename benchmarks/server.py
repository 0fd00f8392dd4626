"""The server under attack and under load, or FastAPI's stock endpoint in its place.

    python benchmarks/server.py [PART ...] [--stock] [--minutes 30] [--share 1] [--json FILE]

Without a PART all of them run, `soak` last. Each says what was found, what it must be, and
whether it is. `--share 0.1` takes a tenth of all numbers and times, to see that it works. What
has to do with noiser's own answers is not asked of the stock endpoint. The numbers of the parts
`overload`, `idle` and `soak` mean something only on a machine that does nothing else.

Needs noiser[server]; `schema` needs schemathesis, `strace` needs strace, and `hostile` and `soak`
the folder of hostile files; a part says if it goes without. `--stock` needs fastapi.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path

import server_attacks
import server_loads
import server_soak
from server_bench import Bench, Row

PARTS = {
    "slow": server_attacks.slow,
    "sizes": server_attacks.sizes,
    "smuggling": server_attacks.smuggling,
    "multipart": server_attacks.multipart_bodies,
    "injection": server_attacks.injection,
    "strace": server_attacks.files_opened,
    "hostile": server_attacks.hostile,
    "schema": server_attacks.schema,
    "idle": server_loads.idle,
    "overload": server_loads.overload,
    "cancel": server_loads.cancel,
    "stop": server_loads.stop,
    "kill": server_loads.kill,
    "isolation": server_loads.isolation,
    "soak": server_soak.soak,
}


def main() -> int:
    """Run the parts, print a table, and say by the exit code whether all is as it must be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--stock", action="store_true", help="FastAPI's endpoint instead.")
    parser.add_argument("--minutes", type=float, default=30, help="Of soak.")
    parser.add_argument("--share", type=float, default=1, help="Of all numbers and times.")
    parser.add_argument("--json", type=Path, help="Write the rows here too.")
    words = parser.parse_args()
    if unknown := set(words.parts) - set(PARTS):
        parser.error(f"no part {sorted(unknown)}; there are {', '.join(PARTS)}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), words.stock, words.share, words.minutes * 60)
        for name in words.parts or PARTS:
            print(f"{name} ...", flush=True)
            rows += run(name, bench)
            if words.json:  # after each part: a run of an hour may be cut off
                words.json.write_text(json.dumps(report(bench, rows), indent=1) + "\n")
    print_table(rows)
    return 1 if any(row.is_met is False for row in rows) else 0


def run(name: str, bench: Bench) -> list[Row]:
    """Run a part; one that ends in an error is a row, and the others go on."""
    start = time.monotonic()
    try:
        found = list(PARTS[name](bench))
    except Exception as error:  # noqa: BLE001 - the other parts are to be heard
        found = [Row("ended in an error", f"{type(error).__name__}: {error}", "none", False)]
    for row in found:
        row.part = name
        print("  ", row.line(), flush=True)
    print(f"   ({time.monotonic() - start:.0f} s)", flush=True)
    return found


def print_table(rows: list[Row]) -> None:
    """Print all rows as a table of Markdown."""
    print("\n| part | what | found | must be | |\n|---|---|---|---|---|")
    for row in rows:
        verdict = {True: "yes", False: "**no**", None: ""}[row.is_met]
        print(f"| {row.part} | {row.what} | {row.shown()} | {row.bar} | {verdict} |")


def report(bench: Bench, rows: list[Row]) -> dict[str, object]:
    """Gather what a reader of the numbers has to know."""
    return {
        "server": "stock FastAPI" if bench.is_stock else "noiser serve",
        "share": bench.share,
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "rows": [vars(row) for row in rows],
    }


if __name__ == "__main__":
    raise SystemExit(main())
