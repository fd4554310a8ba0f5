#!/usr/bin/env python3
"""Prints the numbers of metrics_test.cpp from scikit-image and NumPy: an implementation that is not ours.

    pip install numpy scikit-image && python3 tests/mri/golden/metrics.py
"""

import numpy as np
from skimage.metrics import structural_similarity

X, Y, Z = 13, 24, 20
x, y, z = np.meshgrid(np.arange(X), np.arange(Y), np.arange(Z), indexing="ij")
target = (2 + np.sin(0.4 * x + 0.3 * y) * np.cos(0.5 * z) + 0.1 * ((x * 7 + y * 3 + z * 5) % 11)) * np.exp(1j * 0.05 * y)
image = target * 0.97 + 0.2 * np.cos(1.3 * x - 0.7 * y + 0.9 * z) * np.exp(1j * 0.4)
target, image = target.astype(np.complex64).astype(complex), image.astype(np.complex64).astype(complex)

t, i = np.abs(target).astype(np.float32), np.abs(image).astype(np.float32)
td, id_ = t.astype(float), i.astype(float)
rmse = np.sqrt(np.mean((id_ - td) ** 2))
print("psnr ", repr(float(20 * np.log10(td.max() / rmse))))
print("nrmse", repr(float(np.linalg.norm(id_ - td) / np.linalg.norm(td))))
gauss = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=td.max(), K1=0.01, K2=0.03)
print("meddlr-scan  ssim", repr(float(structural_similarity(td, id_, **gauss))))
print("meddlr-slice ssim", repr(float(np.mean([structural_similarity(td[s], id_[s], **gauss) for s in range(X)]))))
print("fastmri      ssim", repr(float(np.mean([structural_similarity(td[s], id_[s], data_range=td.max()) for s in range(X)]))))
scale = np.vdot(image, target) / np.vdot(image, image)
error = scale * image - target
print("bart nrmse", repr(float(np.linalg.norm(error) / np.linalg.norm(target))))
print("bart psnr ", repr(float(20 * np.log10(np.abs(target).max() / np.sqrt(np.mean(np.abs(error) ** 2))))))
