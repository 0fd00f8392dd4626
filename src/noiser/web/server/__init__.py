"""The server: the page and the HTTP API, see `app.py`; `run.py` binds and runs it."""
