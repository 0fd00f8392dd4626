"""Workers: processes that may die, and pools that have pictures done by them.

`sync_pool.py` is the batch's and `async_pool.py` the server's: both start the program in
`worker.py`, and say frames to it. anyio's process pool would bound no memory, warm nothing up,
and know nothing of a picture's weight, by which its time and its memory are allowed.
"""
