"""The model: the network as plain arrays, its packaged weights, and how they are trained."""
