"""Forms: taken apart the same however they come in, and held within their limits."""

import weakref

import pytest
from serving import BOUNDARY, multipart

from noiser.web.server.errors import RefusedError
from noiser.web.server.http.multipart import FormReader
from noiser.web.server.limits import ServerLimits

LIMITS = ServerLimits()
PICTURE = bytes(range(256)) + b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n" + bytes(100)
"""Bytes that nearly hold the boundary."""


def taken(kind, body, step=1 << 16):
    """Take a form apart that comes in steps."""
    reader = FormReader(kind, LIMITS)
    for start in range(0, len(body), step):
        reader.write(body[start : start + step])
    return reader.finish()


def refused(kind, body=b""):
    """Take a form apart that is refused; the sentence."""
    with pytest.raises(RefusedError) as caught:
        taken(kind, body)
    assert (caught.value.code, caught.value.status) == ("bad_form", 400)
    return caught.value.message


def raw(*parts, boundary=BOUNDARY):
    """Write a form whose parts have any headers."""
    lines = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"multipart/form-data; boundary={boundary}", f"{lines}--{boundary}--\r\n".encode()


@pytest.mark.parametrize("step", [1, 7, 1 << 16])
def test_picture_and_fields_come_out_as_they_were_sent(step):
    """However the bytes are cut."""
    form = multipart([("image", "night.jpg", PICTURE)], [("color", "1"), ("look", "näif")])

    assert taken(*form, step) == (PICTURE, [("color", "1"), ("look", "näif")])


def test_the_picture_needs_no_file_name():
    assert taken(*raw('Content-Disposition: form-data; name="image"\r\n\r\nabc'))[0] == b"abc"


def test_two_pictures_are_refused():
    form = multipart([("image", "a", b"a"), ("image", "b", b"b")])

    assert refused(*form) == "there are two parts 'image'; send one picture at a time"


def test_a_file_of_another_name_is_refused():
    form = multipart([("photo", "a", b"a")])

    assert refused(*form) == "the part 'photo' is a file; the one file is 'image'"


def test_a_form_without_a_picture_is_refused():
    assert refused(*multipart([], [("color", "1")])).startswith("the form has no part 'image'")


@pytest.mark.parametrize("part", ["\r\nabc", "X-Other: 1\r\n\r\nabc", "X-Other: 1\r\n\r\n"])
def test_a_part_without_a_name_is_refused(part):
    """With content and without."""
    assert refused(*raw(part)).startswith("a part has no name")


def test_as_many_fields_as_allowed_pass_and_one_more_does_not():
    picture = [("image", "a", b"a")]
    fields = [("color", "1")] * LIMITS.max_fields

    assert len(taken(*multipart(picture, fields))[1]) == LIMITS.max_fields
    assert refused(*multipart(picture, [*fields, fields[0]])) == (
        "more than 20 fields; that is the limit"
    )


def test_a_field_as_long_as_allowed_passes_and_one_byte_more_does_not():
    """Its name is counted too."""
    value = "x" * (LIMITS.max_field_bytes - len("color"))

    assert taken(*multipart([("image", "a", b"")], [("color", value)]))[1] == [("color", value)]
    text = refused(*multipart([("image", "a", b"")], [("color", value + "x")]))
    assert text == "a field is above 1024 bytes; that is the limit"


def test_a_part_with_a_long_header_is_refused():
    assert "the form is damaged" in refused(*raw("X-Long: " + "x" * 5000 + "\r\n\r\nabc"))


def test_a_boundary_as_long_as_allowed_passes_and_a_longer_one_does_not():
    """RFC 2046, section 5.1.1."""
    part = 'Content-Disposition: form-data; name="image"\r\n\r\nabc'

    assert taken(*raw(part, boundary="b" * 70))[0] == b"abc"
    assert "1 to 70 characters" in refused(*raw(part, boundary="b" * 71))


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b"]
)
def test_another_content_type_is_refused(kind):
    assert refused(kind).startswith("the content type must be multipart/form-data")


def test_a_form_that_breaks_off_is_refused():
    kind, body = multipart([("image", "a", PICTURE)])

    assert refused(kind, body[:-8]) == "the form breaks off; its last boundary is missing"


def test_what_is_no_form_at_all_is_refused():
    assert refused(multipart([])[0], b"hello").startswith("the form is damaged: ")


def test_a_form_that_was_closed_is_gone_with_its_last_name():
    """Parser and callbacks are a cycle: else the picture would wait for the collector."""
    reader = FormReader(multipart([])[0], LIMITS)
    reader.write(multipart([("image", "a", PICTURE)])[1])
    there = weakref.ref(reader)

    reader.close()
    del reader

    assert there() is None
