"""Mutants of the journal, of what is kept, of workers, series and watching."""

from mutant import Mutant

LINES = "jobs/batch/lines.py"
JOURNAL, KEEPING, FILES = "jobs/batch/journal.py", "jobs/batch/resume.py", "io/files.py"
POOL, WORKER, PROCESS = (f"jobs/workers/{name}.py" for name in ("sync_pool", "worker", "process"))
SERIES, GIGAPIXEL = "jobs/batch/same_look.py", "jobs/gigapixel.py"
WATCHING, PROCESSING = "jobs/batch/watch.py", "jobs/job.py"

MUTANTS = [
    Mutant(LINES, "zlib.crc32(found[1]) != int(found[2], 16)", "False", "journal"),
    Mutant(JOURNAL, "if self._torn:", "if False:", "journal"),
    Mutant(JOURNAL, "fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_UN", "journal"),
    Mutant(LINES, '== ("moments", name)', '!= ("", name)', "journal"),
    Mutant(KEEPING, '"keep" if record.key == self.key(item) else "renew"', '"keep"', "resume"),
    Mutant(KEEPING, 'Decision("renew") if damaged else Decision("keep", CHANGED)',
           'Decision("renew")', "resume"),
    Mutant(KEEPING, "if record.input != input_:", "if False:", "resume"),
    Mutant(KEEPING, '"keep" if known else "check"', '"keep"', "resume"),
    Mutant(FILES, "elif not (adopt and", "elif adopt or not (adopt and", "resume"),
    Mutant(FILES, "before.st_size + 1", "max_bytes + 1", "files"),
    Mutant(FILES, "if found.st_mtime_ns == self.mtime_ns:", "if True:", "resume"),
    Mutant(POOL, "self._again.append(task)\n            return", "return", "sync_pool"),
    Mutant(POOL, "while self._waiting and self._free >= self._waiting[0][1]:",
           "while self._waiting:", "sync_pool"),
    Mutant(POOL, "self.late.append(", "(", "sync_pool"),
    Mutant(POOL, "remove_partials([worker.task.item.output])", "pass", "sync_pool"),
    Mutant(WORKER, "target=end_with, args=[end, is_done]", "target=int", "worker"),
    Mutant(WORKER, "if setting.max_bytes is not None:", "if False:", "worker sync_pool"),
    Mutant(PROCESS, "failing.enter_context(self.line)", "pass", "sync_pool"),
    Mutant("jobs/workers/frames.py", "while self._found == len(self._parts[-1]):",
           "if self._found == len(self._parts[-1]):", "frames"),
    Mutant("jobs/batch/run.py", "self._note(result)", "self._noted(result)", "same_look"),
    Mutant(SERIES, "found.key != key or", "", "same_look"),
    Mutant(GIGAPIXEL, "replace(options.moments, grid=measure().grid)", "options.moments",
           "same_look"),
    Mutant(WATCHING, 'if result.status == "failed" and', "if False and", "watch"),
    Mutant(WATCHING, "max(now - since, now - state.mtime)", "now - since", "watch"),
    Mutant(WATCHING, "self._output, self._format, self._names_in)",
           "self._output, None, self._names_in)", "watch"),
    Mutant("cli/__init__.py", "signal.signal(signal.SIGTERM, lambda *_: os._exit(143))", "pass",
           "faults"),
    Mutant(PROCESSING, "except OSError as error:  # all", "except EOFError as error:  # all",
           "faults"),
]  # fmt: skip
