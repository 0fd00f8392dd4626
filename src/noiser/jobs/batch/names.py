"""Names: what outputs were called in earlier runs, so that a folder may grow."""

import contextlib
import os
import re
from pathlib import Path

from noiser.core.errors import MachineError
from noiser.io.paths import is_there
from noiser.jobs.batch.journal import read_journal
from noiser.jobs.batch.lines import Contents, Record, name_from
from noiser.jobs.plan import folded


class RecordedNames:
    """The names that a journal tells.

    Args:
        folder: The journal's.
        contents: What its lines say.
    """

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._folder = folder
        self._records: dict[str, Record] = {}
        self._outputs: dict[str, list[str]] = {}
        for output, record in contents.done.items():
            self._records[folded(output)] = record
            self._outputs.setdefault(record.input, []).append(output)

    def given(self, input_: Path, wanted: Path) -> Path | None:
        """Find the name that an input's output has had.

        Args:
            input_: May have several outputs, of other formats.
            wanted: The name without a number.

        Returns:
            That name, or the lowest number of it; None if no output was called so.
        """
        outputs = self._outputs.get(name_from(self._folder, input_), ())
        if not outputs:
            return None
        whole = Path(name_from(self._folder, wanted))
        stem, suffix = (re.escape(folded(part)) for part in (whole.stem, whole.suffix))
        called = re.compile(f"{stem}(?:-([0-9]+))?{suffix}")
        numbers = {
            int(found[1] or 1): Path(output).name
            for output in outputs
            if Path(output).parent == whole.parent
            and (found := called.fullmatch(folded(Path(output).name)))
        }
        return wanted.with_name(numbers[min(numbers)]) if numbers else None

    def is_of_another(self, output: Path, input_: Path) -> bool:
        """Whether an output is there that was made of another picture of the input's folder."""
        record = self._records.get(folded(name_from(self._folder, output)))
        if record is None or not is_there(output):
            return False
        name = name_from(self._folder, input_)
        is_neighbour = os.path.dirname(record.input) == os.path.dirname(name)  # noqa: PTH120
        return is_neighbour and record.input != name and not record.source.same_content(input_)


def names_in(folder: Path) -> RecordedNames:
    """Read the names that a folder's journal tells; none if it cannot be read."""
    contents = Contents()
    with contextlib.suppress(MachineError):  # who wants to write there is told
        contents = read_journal(folder)
    return RecordedNames(folder, contents)
