"""Fused: the torch kernel's work on CUDA, in Triton's kernels, and who launches them."""
