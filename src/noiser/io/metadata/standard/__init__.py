"""Standards: a TIFF's pages, the types of its tags, and what EXIF and TIFFs have to have."""
