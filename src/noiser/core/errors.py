"""The errors a user can meet: what is wrong with the world, never with the program."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


class NoiserError(Exception):
    """Something outside the program is wrong: a file, an image, the weights, the machine."""


class ImageError(NoiserError):
    """An image cannot be used."""


class DecodeError(ImageError):
    """The bytes are damaged: they start like an image and do not hold one."""


class UnsupportedError(ImageError):
    """A sound file of a kind that noiser does not handle, or not yet."""


class LimitError(ImageError):
    """The image is larger than a limit allows; found before its pixels were decoded."""


class WeightsError(NoiserError):
    """A weights file is damaged, of another shape, or not what its checksum says."""


class PresetError(NoiserError):
    """A preset has no such name, or a file of presets is at fault."""


class OutputError(NoiserError):
    """The output cannot be written there."""


class OutputExistsError(OutputError):
    """The output is there already, and replacing it was not asked for."""


class MachineError(NoiserError):
    """The machine cannot write on: a full disk, no permission."""


class MissingExtraError(NoiserError):
    """An optional part of noiser is not installed."""


class RivalError(NoiserError):
    """What noiser would be compared with cannot run on this machine."""


class KernelWarning(RuntimeWarning):
    """The compiled kernel is not there or not used; the NumPy kernel serves, many times slower."""


@contextmanager
def decoding(format_: str) -> Iterator[None]:
    """Put whatever a decoder raises into one sentence.

    Raises:
        DecodeError: Of what a library raised, documented or not.
        NoiserError: What was raised as one passes unchanged.
    """
    try:
        yield
    except (NoiserError, MemoryError):
        raise
    except Exception as error:  # decoders raise what they don't document
        raise DecodeError(f"damaged {format_} data: {sentence(error)}") from error


@contextmanager
def encoding(format_: str) -> Iterator[None]:
    """Put whatever an encoder raises into one sentence.

    Raises:
        OutputError: Of what a library raised, documented or not.
        NoiserError: What was raised as one passes unchanged.
    """
    try:
        yield
    except NoiserError:
        raise
    except Exception as error:  # encoders raise what they don't document
        raise OutputError(f"cannot be written as {format_}: {sentence(error)}") from error


def extra(module: str, purpose: str, name: str) -> Any:
    """Import what only an extra of noiser installs.

    Args:
        module: To be imported, and given.
        purpose: What it does, as the beginning of a sentence.
        name: Of the extra.

    Raises:
        MissingExtraError: It is not installed, or the library that it binds is not.
    """
    try:
        return import_module(module)
    except (ImportError, OSError):
        raise MissingExtraError(
            f"{purpose}, which is not installed: pip install 'noiser[{name}]'"
        ) from None


def sentence(error: BaseException) -> str:
    """Make one short line of whatever an error says."""
    text = " ".join(str(error).split())
    if not any(character.isalpha() for character in text):
        text = f"{type(error).__name__} {text}".rstrip()
    return text if len(text) <= 160 else f"{text[:157]}..."
