"""Fetch NIQE's pristine model, which is not ours to ship: 12 KB out of BasicSR's source.

    python scripts/fetch_niqe.py [-o .venv/niqe_pris_params.npz]

The model is data of NIQE's authors (Mittal, Soundararajan, Bovik 2013), fitted to 125 pristine
photographs; BasicSR 1.4.2 (Apache-2.0) carries it as an npz file. pip downloads that source
archive from whatever index it is set up for. One member is read, nothing is unpacked, run or
installed, and nothing is written unless its SHA-256 is the one below. Exit status 1 otherwise.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
NAME, VERSION = "basicsr", "1.4.2"
MEMBER = f"{NAME}-{VERSION}/basicsr/metrics/niqe_pris_params.npz"
SIZE = 11850
SHA256 = "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296"

BACKEND = f'''
import pathlib, types

def describe(folder, settings=None):
    info = pathlib.Path(folder, "{NAME}-{VERSION}.dist-info")
    info.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: {NAME}", "Version: {VERSION}", ""]
    (info / "METADATA").write_text("\\n".join(lines))
    return info.name

__legacy__ = types.SimpleNamespace(prepare_metadata_for_build_wheel=describe)
'''
"""A build backend in place of setuptools' (PEP 517) that answers and runs nothing.

pip asks the backend for the name and the version of every source archive that it downloads.
setuptools would run the archive's setup.py for that: foreign code, which Python 3.13 breaks.
"""


class FetchError(Exception):
    """The model did not come, or is not the one expected."""


def main() -> int:
    """Fetch, check, write; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = REPOSITORY / ".venv" / "niqe_pris_params.npz"
    parser.add_argument("-o", dest="output", type=Path, default=default, metavar="FILE")
    output = parser.parse_args().output
    try:
        with tempfile.TemporaryDirectory() as folder:
            model = read_member(download(Path(folder)))
        write(model, output)
    except (FetchError, OSError, tarfile.TarError) as error:
        print(f"fetch_niqe: {error}", file=sys.stderr)
        return 1
    print(f"{output}: {len(model)} bytes, SHA-256 {SHA256}")
    return 0


def download(folder: Path) -> Path:
    """Let pip download the source archive, running nothing of it."""
    backend = folder / "backend" / "setuptools"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build_meta.py").write_text(BACKEND)
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-binary", ":all:", "--no-build-isolation"),
        *("--dest", str(folder), f"{NAME}=={VERSION}"),
    ]
    # As variables: a pip that no longer knows an option then ignores it.
    settings = {"PYTHONPATH": str(backend.parent), "PIP_USE_PEP517": "1"}
    done = subprocess.run(
        command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, check=False
    )
    archive = folder / f"{NAME}-{VERSION}.tar.gz"
    if done.returncode or not archive.is_file():
        raise FetchError(f"pip could not download {archive.name}; what it said is above")
    return archive


def read_member(archive: Path) -> bytes:
    """Read the model out of the archive and check that it is the one expected."""
    with tarfile.open(archive, "r:gz") as members:
        try:
            member = members.getmember(MEMBER)
        except KeyError as error:
            raise FetchError(f"{archive.name} has no member {MEMBER}") from error
        stream = members.extractfile(member) if member.isfile() and member.size == SIZE else None
        if stream is None:
            raise FetchError(f"{MEMBER} has {member.size} bytes; {SIZE} expected")
        model = stream.read()
    found = hashlib.sha256(model).hexdigest()
    if found != SHA256:
        raise FetchError(f"{MEMBER} has SHA-256 {found}; {SHA256} expected")
    return model


def write(model: bytes, output: Path) -> None:
    """Write all of the file or nothing."""
    partial = output.with_name(f"{output.name}.part")
    partial.write_bytes(model)
    partial.replace(output)


if __name__ == "__main__":
    sys.exit(main())
