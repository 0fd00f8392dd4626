"""Frames: they come out as they went in, however their bytes are cut."""

import io

import pytest

from noiser.jobs.workers.frames import FrameParser, opening, read_frame

SAID = [({"weight": 4800}, b""), ({"result": {"note": "ü"}}, b"picture"), ({}, bytes(70_000))]
WIRE = b"".join(opening(told, len(data)) + data for told, data in SAID)


def test_half_a_frame_is_an_end():
    whole = opening({"a": 1}, 5) + b"12345"

    assert read_frame(io.BytesIO(whole)) == ({"a": 1}, b"12345")
    for length in range(len(whole)):
        assert read_frame(io.BytesIO(whole[:length])) is None


@pytest.mark.parametrize("piece", [1, 7, 12, 1000, len(WIRE)])
def test_frames_are_put_together_from_pieces_of_any_size(piece):
    """A socket gives what has come, and no more than there is room for."""
    stream, parser, found = io.BytesIO(WIRE), FrameParser(), []

    while count := stream.readinto(parser.room[:piece]):
        found += [frame] if (frame := parser.take(count)) else []

    assert found == SAID


def test_there_is_never_room_for_nothing():
    """Nothing read would be taken for the end."""
    parser = FrameParser()
    for byte in opening({"ready": True}):
        assert len(parser.room) > 0
        parser.room[0] = byte
        parser.take(1)

    assert len(parser.room) > 0
