"""Tools: contact sheets, inspection, benchmarks beside rivals, and measures of quality."""
