"""The command line: `noiser enhance` and the other `COMMANDS`.

Results go to stdout, everything else to stderr; `-` is stdin or stdout. A stdout that cannot be
written is a fault of the machine, a stderr that cannot be is none. Exit codes: 0 all
done, 1 some inputs failed (each is named), 2 wrong words, 3 the machine (a full disk, no
permission), 130 interrupted, 143 terminated. A second signal ends the process at once; what it
leaves unfinished is hidden, and removed by the next run.
"""

import io
import logging
import os
import signal
import sys
import warnings
from importlib import import_module
from typing import Any, NoReturn

import click

from noiser.core.errors import KernelWarning, MachineError, NoiserError
from noiser.core.version import __version__

COMMANDS = {
    "benchmark": "Time this machine, beside the least it could take.",
    "enhance": "Brighten dark photographs.",
    "evaluate": "Measure pictures, with or without references.",
    "experiment": "Reproduce a table or figure of the paper.",
    "export": "Hand the look over to other programs.",
    "info": "Show the version, the kernels and the weights.",
    "presets": "List the presets and the knobs that each turns.",
    "serve": "Serve the page and the HTTP API.",
    "sheet": "Show variants beside each other on one contact sheet.",
    "train": "Train a network on nothing but noise.",
    "watch": "Brighten pictures as they arrive in a folder.",
}
"""The first line of each command's help, so that listing them imports none of them."""


class _LazyGroup(click.Group):
    """Imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"noiser.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


HELP = """Brighten dark photographs with a tiny network that only ever saw noise.

\b
noiser enhance night.jpg              writes night_enhanced.jpg
noiser enhance photos -o bright       a folder, mirrored
noiser enhance - < dark.png > light.png
"""


@click.group(cls=_LazyGroup, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="noiser %(version)s")
def group() -> None:
    """Hold the commands."""


def main() -> NoReturn:
    """Run a command and end the process with the exit code of the contract."""
    # The kernels share the work among their own threads. OpenBLAS would start one a processor
    # when NumPy is imported, and let them spin: a fifth of the time of a small picture.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _keep_descriptors()
    _keep_stdout_ours()
    _keep_stderr_ours()
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        code = group.main(prog_name="noiser", standalone_mode=False)
    except click.exceptions.Abort:
        code = _say("interrupted", 130)
    except KeyboardInterrupt:
        code = _say("interrupted", 130)
    except click.ClickException as error:
        error.show()
        code = 2
    except MachineError as error:
        code = _say(str(error), 3)
    except NoiserError as error:
        code = _say(str(error), 1)
    except BrokenPipeError:
        # Whoever read the output has left; nothing is wrong, and nothing can be said.
        sys.stderr.close()
        code = 141
    sys.exit(code or 0)


class _Output(io.BufferedWriter):
    """A stream of which what cannot be written is lost, and what comes after like it.

    Bytes are written by C below it: were it a raw stream, a signal that ends Python between the
    write and its return would have them written again.

    Args:
        descriptor: Where to write.
        name: To say once in a sentence that nothing can be written; else nobody is told.
    """

    def __init__(self, descriptor: int, name: str | None = None) -> None:
        super().__init__(io.FileIO(descriptor, "w", closefd=False))
        self._named = name

    def write(self, data: Any) -> int:
        """Write some bytes."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self._lose(error)
            return len(data)

    def flush(self) -> None:
        """Write what is held back."""
        try:
            super().flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        """Lead nowhere from now on; nothing is written twice, nor told twice."""
        _lead_nowhere(self.fileno())
        if self._named:
            raise MachineError(f"{self._named}: cannot be written: {error.strerror}") from error


def _lead_nowhere(descriptor: int) -> None:
    """Have a descriptor take everything and keep nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _keep_descriptors() -> None:
    """Fill the places of closed streams, so that no file of ours is taken for one of them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest place that is free
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)


def _keep_stdout_ours() -> None:
    """Have stdout tell what is wrong with it in our words."""
    if sys.stdout is not None and os.name != "posix":
        return  # a console of Windows is no plain file
    old: Any = sys.stdout
    sys.stdout = io.TextIOWrapper(
        _Output(1, "stdout"),
        encoding=old and old.encoding,
        errors=old and old.errors,
        line_buffering=bool(old and old.line_buffering),
    )


def _keep_stderr_ours() -> None:
    """Keep libraries from talking beside us: one clear sentence a file is enough.

    Pillow warns and logs, and libtiff writes to descriptor 2, about oddities that they then
    handle. Python's own stderr, with all messages and tracebacks, gets a descriptor of its
    own, and the old one leads nowhere.
    """
    sys.stderr = io.TextIOWrapper(
        _Output(os.dup(2)), errors="backslashreplace", line_buffering=True
    )
    _lead_nowhere(2)
    warnings.filterwarnings("ignore", module="PIL")
    warnings.filterwarnings("ignore", category=KernelWarning)  # options.py says it in our words
    pillow = logging.getLogger("PIL")
    pillow.addHandler(logging.NullHandler())
    pillow.propagate = False


def _say(message: str, code: int) -> int:
    """Write one line to stderr."""
    click.echo(f"noiser: {message}", err=True)
    return code


def _terminate(_signal: int, _frame: object) -> NoReturn:
    """End like an interrupt does, so that partial files are removed; the second time at once."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    sys.exit(143)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    """Interrupt as Python does; the second time at once."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    raise KeyboardInterrupt
