"""Limits: none that nothing can pass; and the picture's as the gate knows them."""

from dataclasses import fields

import pytest

from noiser.web.server.limits import ServerLimits


@pytest.mark.parametrize("limit", fields(ServerLimits), ids=lambda limit: limit.name)
def test_a_limit_below_what_makes_sense_is_refused(limit):
    with pytest.raises(ValueError, match=rf"^{limit.name} is -1; it must be at least "):
        ServerLimits(**{limit.name: -1})


def test_only_nobody_may_wait():
    """A server without a queue is one; a server without bodies is none."""
    assert ServerLimits(max_waiting=0).max_waiting == 0
    with pytest.raises(ValueError, match=r"^max_body_bytes is 0; it must be at least 1$"):
        ServerLimits(max_body_bytes=0)


def test_the_pictures_limits_are_those_of_the_server():
    picture = ServerLimits(max_pixels=5, max_body_bytes=7).picture

    assert (picture.max_pixels, picture.max_file_bytes) == (5, 7)
