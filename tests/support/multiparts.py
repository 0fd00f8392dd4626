"""Multipart bodies as no browser would write them: by hand, and by hypothesis."""

from collections.abc import Sequence

from hypothesis import strategies as st

Form = tuple[str, bytes]
"""A content type, and a body."""

KIND = "multipart/form-data; boundary=b"

STRANGE_KINDS = [
    "multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary="',
    "multipart/form-data; boundary=b; boundary=c", "multipart/mixed; boundary=b",
    "multipart/form-data; boundary=\xff", 'multipart/form-data; boundary="a\\"b"',
    "multipart/form-data;boundary=b;charset=utf-7", "MULTIPART/FORM-DATA; BOUNDARY=b",
    "multipart/form-data boundary=b", "multipart/", "multipart/form-data; boundary=b ",
]  # fmt: skip
"""Content types that are wrong, or strange and right."""


def part(lines: str, content: bytes = b"x", end: str = "\r\n") -> bytes:
    """Write one part with its lines."""
    head = end.join(["--b", *filter(None, lines.split("\n")), "", ""])
    return head.encode("utf-8", "surrogatepass") + content + end.encode()


NAMED = 'Content-Disposition: form-data; name="image"; filename="a.jpg"'


def written_by_hand(image: bytes) -> dict[str, Form]:
    """Give bodies that are wrong in one way each, or strange and right, by what it is."""
    good = part(NAMED, image)
    end = b"--b--\r\n"
    disposition = "Content-Disposition: form-data; "
    bodies = {
        "nothing": b"",
        "the end alone": end,
        "no end": good,
        "half an end": good + b"--b-",
        "cut in the picture": good[: len(good) // 2],
        "cut in a line": good[:20],
        "cut after the boundary": b"--b",
        "a preamble": b"This is a message.\r\n" + good + end,
        "an epilogue": good + end + b"More." * 1000,
        "another boundary": good.replace(b"--b\r\n", b"--c\r\n") + end,
        "a boundary in the picture": part(NAMED, image[:100] + b"\r\n--b\r\n" + image[100:]) + end,
        "a boundary without its line": part(NAMED, image + b"--b") + end,
        "LF alone": part(NAMED, image, "\n") + b"--b--\n",
        "CR alone": part(NAMED, image, "\r") + b"--b--\r",
        "no lines": b"--b\r\n\r\nx\r\n" + end,
        "no empty line": b"--b\r\n" + NAMED.encode() + b"\r\n" + end,
        "no name": part("Content-Disposition: form-data", image) + end,
        "an empty name": part(disposition + 'name=""; filename="a"', image) + end,
        "no quotes": part(disposition + "name=image; filename=a", image) + end,
        "an open quote": part(disposition + 'name="image; filename=a', image) + end,
        "a quote in the name": part(disposition + 'name="im\\"age"; filename="a"', image) + end,
        "a NUL in the name": part(disposition + 'name="ima\0ge"; filename="a"', image) + end,
        "bytes that are no text": part(NAMED).replace(b"image", b"\xff\xfe") + end,
        "a lone surrogate": part(disposition + 'name="\udc80"; filename="a"', image) + end,
        "not form-data": part(NAMED.replace("form-data", "attachment"), image) + end,
        "two names": part(NAMED + '; name="other"', image) + end,
        "two dispositions": part(f"{NAMED}\n{NAMED}", image) + end,
        "two pictures": good + good + end,
        "a picture as a field": part(disposition + 'name="image"', image) + end,
        "a field as a file": part(disposition + 'name="strength"; filename="a"', b"1") + end,
        "a field twice": good + part(disposition + 'name="strength"', b"1") * 2 + end,
        "an unknown field": good + part(disposition + 'name="path"', b"/etc/passwd") + end,
        "a field that is no number": good + part(disposition + 'name="strength"', b"nan") + end,
        "a field of bytes": good + part(disposition + 'name="strength"', b"\xff\0") + end,
        "filename*": part(disposition + "name=\"image\"; filename*=UTF-8''%2e%2e%2f", image) + end,
        "a bad filename*": part(disposition + 'name="image"; filename*=x\'%ff', image) + end,
        "filename*0": part(disposition + 'name="image"; filename*0="a"', image) + end,
        "a path": part(disposition + 'name="image"; filename="../../a"', image) + end,
        "base64": part(f"{NAMED}\nContent-Transfer-Encoding: base64", b"AAAA") + end,
        "an unknown encoding": part(f"{NAMED}\nContent-Transfer-Encoding: x", image) + end,
        "nested": part(f"{NAMED}\nContent-Type: multipart/mixed; boundary=b", good + end) + end,
        "_charset_": good + part(disposition + 'name="_charset_"', b"utf-7") + end,
        "a line of 64 kB": part(f"{NAMED}\nX-Long: " + "a" * 65_536, image) + end,
        "500 lines": part(NAMED + "\nX-A: b" * 500, image) + end,
        "a line with no colon": part(f"{NAMED}\nnonsense", image) + end,
        "a folded line": part(NAMED.replace("; file", ";\n file"), image) + end,
        "an empty picture": part(NAMED, b"") + end,
    }
    found = {name: (KIND, body) for name, body in bodies.items()}
    return found | {f"the type {kind!r}": (kind, good + end) for kind in STRANGE_KINDS}


def _lines() -> st.SearchStrategy[str]:
    """Lines of a part: likely ones, put together in unlikely ways."""
    names = st.sampled_from(["image", "strength", "look", "", "path", "image[]", "a" * 300, "\x01"])
    quotes = st.sampled_from(['"{}"', "{}", '"{}', "'{}'", '"\\"{}"'])
    keys = st.sampled_from(["name", "filename", "filename*", "NAME", "name*0", " name", "", "x"])
    pair = st.builds(lambda k, q, n: f"{k}={q.format(n)}", keys, quotes, names)
    kinds = st.sampled_from(["form-data", "attachment", "", "form-data;", "FORM-DATA"])
    disposition = st.builds(
        lambda kind, pairs: "Content-Disposition: " + "; ".join([kind, *pairs]),
        kinds,
        st.lists(pair, max_size=4),
    )
    other = st.sampled_from(
        ["Content-Type: image/jpeg", "Content-Type: multipart/mixed; boundary=b", "X: y", ":", " ",
         "Content-Transfer-Encoding: base64", "Content-Length: -1", "\x00", "Content-Disposition"]
    )  # fmt: skip
    return st.lists(st.one_of(disposition, st.just(NAMED), other), max_size=4).map("\n".join)


def forms(image: bytes) -> st.SearchStrategy[Form]:
    """Draw bodies near to good ones.

    Args:
        image: A good picture; a small one, as it is in many.
    """
    content = st.one_of(
        st.just(image),
        st.binary(max_size=64),
        st.sampled_from([b"--b", b"\r\n--b--", b"\r\n--b\r\n", b"\r", b"\n--b", b"1", b""]),
    )
    ends = st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n\r\n", ""])
    parts = st.lists(st.builds(part, _lines(), content, ends), max_size=5)
    last = st.sampled_from([b"--b--\r\n", b"--b--", b"--b", b"", b"--b--\r\n--b\r\n", b"--c--\r\n"])
    kinds = st.sampled_from([KIND] * 6 + ["multipart/form-data; boundary=c", "multipart/form-data"])
    body = st.builds(_joined, parts, last, st.binary(max_size=4), st.integers(0, 400))
    return st.tuples(kinds, body)


def _joined(parts: Sequence[bytes], last: bytes, noise: bytes, at: int) -> bytes:
    """Join the parts, with a few bytes changed somewhere, as often as not nowhere."""
    body = b"".join(parts) + last
    return body[:at] + noise + body[at + len(noise) :] if at < len(body) else body
