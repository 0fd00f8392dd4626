"""`noiser serve`: the page and the HTTP API, until a signal ends them."""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from noiser.core.cpu import usable_processors
from noiser.core.errors import MachineError, MissingExtraError
from noiser.io.limits import MEGA
from noiser.web.server.limits import ServerLimits

NEEDED = ("starlette", "uvicorn", "python_multipart")
"""What the server is built on, and the extra brings."""

LEAST_TOKEN = 16
"""Characters of a token, at least: fewer can be guessed."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8765,
    show_default=True,
    help="0 takes any that is free.",
)
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Processes.  [default: all usable processors]"
)
@click.option(
    "--max-megapixels",
    type=click.IntRange(1, 1000),
    default=ServerLimits.max_pixels // MEGA,
    show_default=True,
    help="Refuse larger pictures.",
)
@click.option(
    "--max-body-mb",
    type=click.IntRange(1, 1024),
    default=ServerLimits.max_body_bytes >> 20,
    show_default=True,
    help="Refuse larger files [MiB].",
)
@click.option(
    "--queue",
    type=click.IntRange(0, 10_000),
    default=ServerLimits.max_waiting,
    show_default=True,
    help="Requests that may wait for a worker; more are refused at once.",
)
@click.option(
    "--max-connections-per-client",
    type=click.IntRange(1, 10_000),
    default=ServerLimits.max_connections_per_client,
    show_default=True,
    help="Refuse more from one address; raise it for a proxy on another machine.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Clients of the API must send the token that FILE holds.",
)
@click.option("--no-token", is_flag=True, help="Let everybody who reaches HOST use the API.")
@click.option(
    "--allowed-host",
    multiple=True,
    metavar="NAME",
    help="A name by which clients call this server; may be repeated.",
)
@click.option(
    "--allowed-origin",
    multiple=True,
    metavar="ORIGIN",
    help="A site whose pages may use the API, as https://photos.example; may be repeated.",
)
@click.option("--no-page", is_flag=True, help="Serve the API alone.")
def command(host: str, no_page: bool, **given: Any) -> None:
    """Serve the page and the HTTP API.

    The page enhances pictures in the browser; none leaves it. The API takes a picture and
    answers with the enhanced one: curl --data-binary @night.jpg
    http://127.0.0.1:8765/v1/enhance -o bright.jpg. Ctrl-C ends it when the pictures in work are
    done, a second one at once. One line of JSON on stderr tells of each request. Needs
    noiser[server].
    """
    if os.name != "posix":  # workers get their ends of sockets as descriptors
        raise MachineError(
            "the server runs on Linux, macOS and other POSIX systems; this one is none"
        )
    if not all(map(find_spec, NEEDED)):
        raise MissingExtraError("the server is not installed: pip install 'noiser[server]'")
    from noiser.cli.options import tell_of_kernel
    from noiser.web.page_files import page_files
    from noiser.web.server.access_control import LOOPBACK, Access, is_address, origin_of
    from noiser.web.server.run import bind, run, url_of

    token = _token(given["token_file"])
    if host not in LOOPBACK and token is None and not given["no_token"]:
        raise click.UsageError(
            f"--host {host} lets other machines use the API: --token-file FILE lets those that "
            "know a token, --no-token lets all"
        )
    limits = ServerLimits(
        max_pixels=given["max_megapixels"] * MEGA,
        max_weight=max(given["max_megapixels"] * MEGA, ServerLimits.max_weight),
        max_body_bytes=given["max_body_mb"] << 20,
        max_waiting=given["queue"],
        max_connections_per_client=given["max_connections_per_client"],
    )
    names = LOOPBACK | {host.lower()} | {name.lower() for name in given["allowed_host"]}
    try:
        origins = frozenset(map(origin_of, given["allowed_origin"]))
    except ValueError as error:
        raise click.UsageError(f"--allowed-origin: {error}") from error
    access = Access(names, is_address(host) and host not in LOOPBACK, token, origins)
    tell_of_kernel()
    listener = bind(host, given["port"])
    run(
        listener,
        given["workers"] or usable_processors(),
        limits,
        access,
        files=None if no_page else page_files(),
        log=lambda entry: _say(json.dumps(entry)),
        on_ready=lambda _: _say(f"noiser: {url_of(listener)} (Ctrl-C ends it)"),
    )


def _token(file: Path | None) -> str | None:
    """Read the token that clients must know."""
    if file is None:
        return None
    try:
        token = file.read_text(encoding="utf-8-sig").strip()  # some editors begin with a mark
    except OSError as error:
        raise MachineError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MachineError(f"{file}: cannot be read: {error}") from error
    if len(token) < LEAST_TOKEN or not (token.isascii() and token.isprintable()):
        raise click.UsageError(
            f"{file} holds {len(token)} characters; a token has at least {LEAST_TOKEN}, ASCII "
            "and without spaces"
        )
    return token


def _say(line: str) -> None:
    """Write a line to stderr; that nobody reads it any more is no reason to end."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except BrokenPipeError:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - what is left would fail at the end
