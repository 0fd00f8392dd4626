"""The lab: every claim of the paper measured afresh, one readable file per experiment."""

ORDER = (
    "n_regression",
    "c_regression",
    "p_regression",
    "why_it_works",
    "ms_noiser",
    "ablations",
    "early_stopping",
    "over_exposure",
    "efficiency",
    "beyond_low_light",
    "downstream",
    "noise_search",
    "look",
    "light",
    "metrics",
)
"""The experiments, in the order of the report."""
