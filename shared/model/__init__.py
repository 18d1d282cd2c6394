"""The HSTDenoiser and its DDIM sampler (DDHPose, AAAI 2024).

Torch lives here and only here in `shared`.
"""
