"""`python -m noiser` is `noiser`."""

from noiser.cli import main

if __name__ == "__main__":
    main()
