"""Put pictures side by side on one sheet.

python scripts/make_sheet.py BEFORE AFTER [MORE ...] -o SHEET
"""

import argparse
from pathlib import Path

from PIL import Image

GAP = 8
"""White between two pictures [pixels]."""


def main() -> None:
    """Read, align, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    words = parser.parse_args()
    pictures = [Image.open(path).convert("RGB") for path in words.pictures]
    height = pictures[0].height
    pictures = [p.resize((round(p.width * height / p.height), height)) for p in pictures]
    width = sum(p.width for p in pictures) + GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, height), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    sheet.save(words.output, quality=90)
    print(f"{words.output}: {width} x {height}")


if __name__ == "__main__":
    main()
