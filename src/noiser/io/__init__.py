"""The edges: image files in and out, with limits on what comes in and care for what goes out."""
