"""Requests that are to lead a server astray: to a second request, to a file, to another server."""

import re
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from attacks import form
from serving import head, multipart

import noiser

STRACE = (
    "strace",
    "-D",
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-e",
    "trace=open,openat,openat2,connect",
    "-o",
)
"""Writes what files a command opens, and what it connects to, into a file whose name follows."""


def smuggled(address: str, image: bytes) -> dict[str, bytes]:
    """Write requests whose length two servers might read differently, with a second inside."""
    host = f"Host: {address}\r\n"
    second = f"GET /healthz HTTP/1.1\r\n{host}\r\n".encode()
    chunked = b"0\r\n\r\n" + second
    length = len(image)

    def request(*lines: str, body: bytes) -> bytes:
        text = "".join(f"{line}\r\n" for line in lines)
        return f"POST /v1/enhance HTTP/1.1\r\n{host}{text}\r\n".encode() + body

    both = ["Transfer-Encoding: chunked", f"Content-Length: {len(chunked)}"]
    return {
        "CL+TE": request(*reversed(both), body=chunked),
        "TE+CL": request(*both, body=chunked),
        "two lengths": request("Content-Length: 5", f"Content-Length: {length}", body=image),
        "a length twice": request(*[f"Content-Length: {length}"] * 2, body=image + second),
        "a list of lengths": request(f"Content-Length: 5, {length}", body=image),
        "a signed length": request(f"Content-Length: +{length}", body=image),
        "a length in hex": request(f"Content-Length: 0x{length:x}", body=image),
        "a negative length": request("Content-Length: -1", body=image),
        "TE twice": request(*both[:1] * 2, body=chunked),
        "TE unknown": request("Transfer-Encoding: xchunked", body=chunked),
        "TE padded": request("Transfer-Encoding : chunked", body=chunked),
        "a bad chunk": request("Transfer-Encoding: chunked", body=b"zz\r\n" + image + second),
        "two hosts": request("Host: example.org", f"Content-Length: {length}", body=image),
    }


def leading_out(canary: Path) -> list[str]:
    """Write over 200 words that lead to a file, if a server takes a word for a path or address."""
    inside = str(canary).lstrip("/")
    targets = [inside, "etc/passwd", "proc/self/environ"]
    ups = ["../", "..\\", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e%252f",
           "....//", "..;/", "..%c0%af", "%c0%ae%c0%ae/", "..%00/", "./../", ".../"]  # fmt: skip
    found = [up * depth + target for target in targets for up in ups for depth in (1, 12)]
    found += [f"static/{up * 12}{target}" for target in targets for up in ups]
    schemes = [
        "file://",
        "file:",
        "file=",
        "file:///",
        "http://127.0.0.1:1/",
        "//",
        "\\\\?\\",
        "\\\\127.0.0.1\\c$\\",
        "gopher://127.0.0.1/_",
        "data:,",
        "ftp://127.0.0.1/",
        "/",
        "~/",
        "@",
        "|cat /",
        "$(cat /",
        "`cat /",
        ";cat /",
        "{{",
        "php://filter/",
    ]
    found += [f"{scheme}{target}" for target in targets for scheme in schemes]
    ends = ["%00.jpg", "\0.jpg", "\r\nX-Injected: 1", "?", "#", "/."]
    found += [f"/{target}{end}" for target in targets for end in ends]
    found += ["CON", "NUL", "-o", "--help", "' OR 1=1 --", "<script>alert(1)</script>"]
    found += ["A" * 4000, "%n%s%x", "\N{FULLWIDTH FULL STOP}" * 2 + "/etc/passwd", "\x7f\x1b[2J"]
    return found


def injected(address: str, word: str, image: bytes, names: Sequence[str]) -> list[bytes]:
    """Write requests with a word wherever a request has room for one.

    Args:
        address: Of the server.
        word: Of `leading_out`.
        image: A good picture.
        names: Parameters to put it into.
    """
    quoted = quote(word)
    raw = "".join(c for c in word if "!" <= c <= "~" and c not in "#") or "x"
    paths = [f"/{raw}", f"/v1/{quoted}", f"/{quoted}"]
    found = [head(address, "GET", path, None, Connection="close") for path in paths]
    for name in names:
        path = f"/v1/enhance?{name}={quoted}"
        found.append(head(address, "POST", path, len(image), Connection="close") + image)
    plain = word.replace("\r", "").replace("\n", "")
    file_name = multipart([("image", word.replace('"', "%22"), image)], [(names[0], word)])
    part_name = multipart([(word.replace('"', "%22"), "a.jpg", image)])
    found += [form(address, *parts) for parts in (file_name, part_name)]
    latin = plain.encode("latin-1", "replace").decode("latin-1").replace("\0", "")
    lines = {"X_Request_Id": latin, "Referer": latin, "Connection": "close"}
    return [*found, head(address, "GET", "/", None, **lines)]


def until_closed(connection: socket.socket) -> bytes:
    """Read until the other side closes; raises TimeoutError if it does not."""
    said = b""
    try:
        while data := connection.recv(65536):
            said += data
    except ConnectionError:
        pass
    return said


def opened_outside(log: str, temporary: Path) -> list[str]:
    """List what strace saw opened that is not the package, Python, libraries or the kernel's own.

    Args:
        log: What `STRACE` wrote.
        temporary: The server's folder for temporary files.
    """
    package = Path(noiser.__file__).parent
    inside = (
        *map(str, (package, sys.prefix, sys.base_prefix, temporary)), "/usr", "/lib", "/etc/ld.so",
        "/proc/self", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom",
    )  # fmt: skip
    opened = {path for path in re.findall(r'open\w*\([^"\n]*"([^"]*)"', log) if path}
    connected = re.findall(r"connect\([^\n]*sin_port[^\n]*", log)
    return connected + sorted(path for path in opened if not path.startswith(inside))
