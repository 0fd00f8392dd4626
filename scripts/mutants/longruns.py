"""Mutants of the journal, of what is kept, of workers, series and watching."""

from mutant import Mutant

JOURNAL, KEEPING, FILES = "pipelines/journal.py", "pipelines/keeping.py", "io/files.py"
SUPERVISOR, WORKER = "pipelines/supervisor.py", "pipelines/worker.py"
SERIES, GIGAPIXEL = "pipelines/series.py", "pipelines/gigapixel.py"
WATCHING, PROCESSING = "pipelines/watching.py", "pipelines/processing.py"

MUTANTS = [
    Mutant(JOURNAL, "zlib.crc32(found[1]) != int(found[2], 16)", "False", "journal"),
    Mutant(JOURNAL, "if self._torn:", "if False:", "journal"),
    Mutant(JOURNAL, "fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_UN", "journal"),
    Mutant(KEEPING, '"keep" if record.key == self.key(item) else "renew"', '"keep"', "keeping"),
    Mutant(KEEPING, 'Decision("renew") if damaged else Decision("keep", CHANGED)',
           'Decision("renew")', "keeping"),
    Mutant(KEEPING, "if record.input != input_:", "if False:", "keeping"),
    Mutant(KEEPING, '"keep" if known else "check"', '"keep"', "keeping"),
    Mutant(FILES, "elif not (adopt and", "elif adopt or not (adopt and", "keeping"),
    Mutant(FILES, "if found.st_mtime_ns == self.mtime_ns:", "if True:", "keeping"),
    Mutant(SUPERVISOR, "self._again.append(task)\n            return", "return", "supervisor"),
    Mutant(SUPERVISOR, "while self._waiting and self._free >= self._waiting[0][1]:",
           "while self._waiting:", "supervisor"),
    Mutant(SUPERVISOR, "self.late.append(", "(", "supervisor"),
    Mutant(SUPERVISOR, "remove_partials([worker.task.item.output])", "pass", "supervisor"),
    Mutant(WORKER, "finally:  # also", "except OSError: pass\n        else:  # also", "kill"),
    Mutant(SERIES, "found.key != key or", "", "series"),
    Mutant(GIGAPIXEL, "replace(treatment.moments, cells=measure().cell_table)", "treatment.moments",
           "series"),
    Mutant(WATCHING, 'if result.status == "failed" and', "if False and", "watching"),
    Mutant(WATCHING, "max(now - since, now - state.mtime)", "now - since", "watching"),
    Mutant("cli/__init__.py", "signal.signal(signal.SIGTERM, lambda *_: os._exit(143))", "pass",
           "faults"),
    Mutant(PROCESSING, "except OSError as error:  # all", "except EOFError as error:  # all",
           "faults"),
]  # fmt: skip
