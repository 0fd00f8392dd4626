"""Jobs: what is done to one picture, in memory or in strips, and to many."""
