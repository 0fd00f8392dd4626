"""ICC profiles: read the curves and primaries of a simple one, and write such profiles.

Simple is a profile of three primaries and a curve each, or of one curve for gray (ICC.1:2022,
8.3 and 8.4): sRGB, Display P3, Adobe RGB, ProPhoto and what monitors and scanners have. Those
of printers hold tables instead.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Plane

D50 = (0.9642, 1.0, 0.8249)
"""CIE XYZ of the white that profiles count from."""

BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""CIE XYZ to the cones' responses, by which one white is changed to another (Lam 1985)."""

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Parameters of sRGB's curve: `(a v + b)^g` from d on, below `c v` (IEC 61966-2-1)."""

CURVE_POINTS = 4096
"""Points at which a curve is sampled."""

MAX_TAGS = 200
"""Of a profile that is read; they have about ten."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A simple profile."""

    curves: NDArray[np.float64]
    """float64 [C,CURVE_POINTS] in [0, 1]: light for each value from 0 to 1, evenly spaced."""

    primaries: NDArray[np.float64] | None
    """float64 [3,3]: linear RGB to CIE XYZ under D50; None for gray."""


def parse(data: bytes) -> Profile | None:
    """Read a profile; None if it is not a simple one, or damaged."""
    if data[36:40] != b"acsp" or data[20:24] != b"XYZ ":
        return None
    tags = _tags(data)
    kind = data[16:20]
    names = {b"GRAY": [b"kTRC"], b"RGB ": [b"rTRC", b"gTRC", b"bTRC"]}.get(kind, [])
    if not names or b"A2B0" in tags:
        return None
    try:
        curves = np.stack([_curve(tags[name]) for name in names])
        primaries = None
        if kind == b"RGB ":
            columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
            primaries = np.stack(columns, 1)
            if abs(np.linalg.det(primaries)) < 1e-6:
                return None
    except (KeyError, ValueError, struct.error):
        return None
    if not (np.isfinite(curves).all() and (np.diff(curves) >= 0).all() and curves[:, -1].all()):
        return None
    return Profile(np.clip(curves, 0.0, 1.0), primaries)


def name_of(data: bytes) -> str:
    """Read a profile's name; empty if it has none."""
    content = _tags(data).get(b"desc", b"")
    if content[:4] == b"desc":  # version 2
        length = int.from_bytes(content[8:12], "big")
        return content[12 : 12 + length].split(b"\0")[0].decode("latin-1")
    if content[:4] == b"mluc" and len(content) >= 28:
        size, at = struct.unpack_from(">LL", content, 20)
        return content[at : at + size].decode("utf-16-be", "replace").strip("\0")
    return ""


def _tags(data: bytes) -> dict[bytes, bytes]:
    """Find the tags; those that lie outside of the profile are left out."""
    found = {}
    count = int.from_bytes(data[128:132], "big")
    for i in range(min(count, MAX_TAGS, (len(data) - 132) // 12)):
        name, at, size = struct.unpack_from(">4sLL", data, 132 + 12 * i)
        if at + size <= len(data):
            found[name] = data[at : at + size]
    return found


def _xyz(content: bytes) -> NDArray[np.float64]:
    return np.array(struct.unpack_from(">lll", content, 8)) / 65536.0


def _curve(content: bytes) -> Plane:
    """Sample a curve of either kind: float64 [CURVE_POINTS]."""
    values = np.linspace(0.0, 1.0, CURVE_POINTS)
    if content[:4] == b"para":
        kind = int.from_bytes(content[8:10], "big")
        count = (1, 3, 4, 5, 7)[kind] if kind < 5 else 0
        given = [x / 65536.0 for x in struct.unpack_from(f">{count}l", content, 12)]
        return _parametric(kind, given, values)
    if content[:4] != b"curv":
        raise ValueError("no curve")
    (count,) = struct.unpack_from(">L", content, 8)
    if count == 0:
        return values
    if count == 1:
        return values ** (int.from_bytes(content[12:14], "big") / 256.0)
    if count > 1 << 16:
        raise ValueError("no curve has so many points")
    points = np.array(struct.unpack_from(f">{count}H", content, 12)) / 65535.0
    return np.interp(values, np.linspace(0.0, 1.0, count), points)


def _parametric(kind: int, given: list[float], values: Plane) -> Plane:
    """Compute a parametric curve (ICC.1:2022, table 68)."""
    if not given or not 0.0 < given[0] < 20.0:
        raise ValueError("no curve has such parameters")
    g = given[0]
    a, b = given[1:3] if kind else (1.0, 0.0)
    c, d, e, f = 0.0, -1.0, 0.0, 0.0
    if kind in (1, 2):
        if a == 0:
            raise ValueError("no curve has such parameters")
        d = -b / a
        e = f = given[3] if kind == 2 else 0.0
    elif kind >= 3:
        c, d = given[3:5]
        e, f = given[5:7] if kind == 4 else (0.0, 0.0)
    power = np.maximum(a * values + b, 0.0) ** g + e
    return np.where(values >= d, power, c * values + f)


def rgb_profile(
    name: str,
    primaries: tuple[tuple[float, float], ...],
    curve: tuple[float, ...],
    white: tuple[float, float] = (0.3127, 0.3290),
) -> bytes:
    """Write a profile of three primaries and one curve, version 4.

    Args:
        name: Shown to the user, ASCII.
        primaries: Chromaticities x and y of red, green and blue.
        curve: A gamma, or five parameters as in `SRGB_CURVE`.
        white: Its chromaticity; by default D65.

    Returns:
        The profile: the same bytes for the same values.
    """
    columns = _adapted(primaries, white)
    tags = {n: _xyz_tag(columns[:, i]) for i, n in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    shape = _curve_tag(curve)
    tags |= {b"rTRC": shape, b"gTRC": shape, b"bTRC": shape}
    return _packed(name, b"RGB ", tags)


def gray_profile(name: str, curve: tuple[float, ...]) -> bytes:
    """Write a profile of one curve for gray; arguments as for `rgb_profile`."""
    return _packed(name, b"GRAY", {b"kTRC": _curve_tag(curve)})


def straightened(data: bytes) -> bytes | None:
    """Give a simple profile straight curves, as linear light has; itself where they are straight.

    Returns:
        The profile; None if it is not a simple one.
    """
    simple = parse(data)
    if simple is None or np.allclose(simple.curves, np.linspace(0, 1, CURVE_POINTS), atol=1e-4):
        return None if simple is None else data
    if simple.primaries is None:
        return gray_profile("Linear gray", (1.0,))
    tags = {n: _xyz_tag(simple.primaries[:, i]) for i, n in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    line = _curve_tag((1.0,))
    tags |= {b"rTRC": line, b"gTRC": line, b"bTRC": line}
    return _packed(f"{name_of(data)}, linear", b"RGB ", tags)


def _adapted(
    primaries: tuple[tuple[float, float], ...], white: tuple[float, float]
) -> NDArray[np.float64]:
    """Compute the matrix from linear RGB to CIE XYZ, and change its white to D50: [3,3]."""
    columns = np.stack([_from_chromaticity(xy) for xy in primaries], 1)
    source = _from_chromaticity(white)
    matrix = columns * np.linalg.solve(columns, source)
    gains = (BRADFORD @ np.array(D50)) / (BRADFORD @ source)
    adapted: NDArray[np.float64] = np.linalg.inv(BRADFORD) @ (gains[:, None] * BRADFORD) @ matrix
    return adapted


def _from_chromaticity(xy: tuple[float, float]) -> NDArray[np.float64]:
    x, y = xy
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def _xyz_tag(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">lll", *(round(float(v) * 65536) for v in values))


def _curve_tag(curve: tuple[float, ...]) -> bytes:
    kind = {1: 0, 5: 3}[len(curve)]
    numbers = [round(value * 65536) for value in curve]
    return b"para\0\0\0\0" + struct.pack(f">HH{len(curve)}l", kind, 0, *numbers)


def _text_tag(text: str) -> bytes:
    data = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">LL4sLL", 1, 12, b"enUS", len(data), 28) + data


def _packed(name: str, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Lay a profile out: header, table, tags; equal tags share their place."""
    tags = {b"desc": _text_tag(name), b"cprt": _text_tag("No copyright"),
            b"wtpt": _xyz_tag(np.array(D50))} | tags  # fmt: skip
    table, body, places = struct.pack(">L", len(tags)), b"", dict[bytes, int]()
    start = 132 + 12 * len(tags)
    for tag, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content + b"\0" * (-len(content) % 4)
        table += struct.pack(">4sLL", tag, places[content], len(content))
    size = start + len(body)
    header = struct.pack(">L4sL4s4s4s", size, b"\0" * 4, 0x04200000, b"mntr", space, b"XYZ ")
    date = struct.pack(">6H", 2022, 11, 1, 0, 0, 0)  # fixed: the same profile is the same bytes
    header += date + b"acsp" + bytes(28)
    header += struct.pack(">lll", *(round(v * 65536) for v in D50))
    return header.ljust(128, b"\0") + table + body
