"""Hand-over: what other programs can use of a picture's look."""
