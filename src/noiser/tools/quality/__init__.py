"""How good a picture is: against its reference, its dark input, or the look of photographs."""

from noiser.tools.quality.color_difference import ciede2000, delta_e_2000, to_lab
from noiser.tools.quality.lightness_order import loe
from noiser.tools.quality.naturalness import PristineModel, load_pristine, niqe
from noiser.tools.quality.psnr_ssim import gt_mean_psnr, psnr, ssim

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
