"""The server: the page and the HTTP API, see `app.py`; `running.py` binds and runs it."""
