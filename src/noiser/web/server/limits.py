"""Limits: what one request, one client and one picture may take of the server."""

from dataclasses import dataclass

from noiser.io.limits import MEGA, Limits
from noiser.jobs.workers.async_worker import WorkerLimits


@dataclass(frozen=True)
class ServerLimits(WorkerLimits):
    """All limits of the server, those of its workers among them, with units and reasons.

    Raises:
        ValueError: A limit is below what makes sense.
    """

    header_seconds: float = 10.0
    """From connecting, or a request's first byte, to its last header [s]. uvicorn has no limit."""

    body_seconds: float = 30.0
    """For a whole body [s]."""

    grace_seconds: float = 5.0
    """Before the rate of a body counts: links are slow to start [s]."""

    least_rate: int = 10_000
    """Of a body that comes in and of an answer that goes out [bytes/s]; 80 kbit/s."""

    write_seconds: float = 30.0
    """How long an answer may wait for a client that does not read [s]."""

    answer_seconds: float = 600.0
    """For a whole answer, however large: 8 Mbit/s take 600 MB in it [s]."""

    idle_seconds: float = 5.0
    """Between two requests of a connection [s]."""

    linger_seconds: float = 1.0
    """For a client to read why it was refused while it still sends [s]."""

    max_connections: int = 512
    """Open at once; half of the descriptors that most systems grant."""

    max_connections_per_client: int = 64
    """Of them from one address, or one IPv6 network of 64 bits; a browser opens 6. This machine's
    own are not counted, for a proxy on it brings everybody's."""

    max_header_bytes: int = 16 << 10
    """The request line and all headers [bytes]; browsers send about 1 KB."""

    max_body_bytes: int = 32 << 20
    """A request's body [bytes]; a camera's JPEG has up to 30 MB."""

    max_held_bytes: int = 512 << 20
    """Bodies and answers of all clients that are in memory [bytes]."""

    max_fields: int = 20
    """Fields of a form beside the picture; there are fewer knobs."""

    max_field_bytes: int = 1 << 10
    """A field of a form, its name included [bytes]."""

    max_boundary_bytes: int = 70
    """What separates the parts of a form [bytes]; RFC 2046, section 5.1.1."""

    max_pixels: int = 50 * MEGA
    """Width times height [pixels]."""

    max_weight: int = 130 * MEGA
    """A picture's memory as that of so many pixels of 8 bits, 7 bytes each, so that a worker
    stays below 1 GB [pixels]. 16 bits weigh twice, camera raws 5 times, floats 6 times."""

    drain_seconds: float = 20.0
    """For the requests in work when the server is told to end [s]."""

    def __post_init__(self) -> None:
        """Refuse limits that nothing can pass; only nobody may wait."""
        for name, value in vars(self).items():
            least = 0 if name == "max_waiting" else 1 if isinstance(value, int) else 0.001
            if value < least:
                raise ValueError(f"{name} is {value}; it must be at least {least}")

    @property
    def picture(self) -> Limits:
        """The limits of a picture, as the gate knows them."""
        return Limits(max_pixels=self.max_pixels, max_file_bytes=self.max_body_bytes)
