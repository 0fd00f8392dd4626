"""How good a picture is: against its reference, its dark input, or the look of photographs."""

from noiser.metrics.color_difference import ciede2000, delta_e_2000, to_lab
from noiser.metrics.fidelity import gt_mean_psnr, psnr, ssim
from noiser.metrics.lightness_order import loe
from noiser.metrics.naturalness import PristineModel, load_pristine, niqe

__all__ = [
    "PristineModel",
    "ciede2000",
    "delta_e_2000",
    "gt_mean_psnr",
    "load_pristine",
    "loe",
    "niqe",
    "psnr",
    "ssim",
    "to_lab",
]
