#!/usr/bin/env python3
"""Prints the numbers of unet_test.cpp from PyTorch's own layers: the U-Net of fastMRI and SKM-TEA, built anew.

    pip install torch && python3 tests/mri/golden/unet.py

Weights and input are sines of the index in our layout, so that nothing has to be stored.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Sequential):
    def __init__(self, inputs, outputs):
        layers = []
        for channels in (inputs, outputs):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.InstanceNorm2d(outputs), nn.LeakyReLU(0.2)]
        super().__init__(*layers)


class UNet(nn.Module):
    def __init__(self, channels, poolings):
        super().__init__()
        self.down, self.up = nn.ModuleList([Block(2, channels)]), nn.ModuleList()
        for level in range(1, poolings + 1):
            self.down.append(Block(channels * 2 ** (level - 1), channels * 2**level))
        for level in reversed(range(poolings)):
            width = channels * 2**level
            up = nn.ConvTranspose2d(2 * width, width, 2, stride=2, bias=False)
            self.up.append(nn.ModuleList([nn.Sequential(up, nn.InstanceNorm2d(width), nn.LeakyReLU(0.2)), Block(2 * width, width)]))
        self.output = nn.Conv2d(channels, 2, 1)

    def forward(self, x):
        skipped = []
        for block in self.down[:-1]:
            skipped.append(block(x))
            x = F.avg_pool2d(skipped[-1], 2)
        x = self.down[-1](x)
        for transposed, block in self.up:
            x = block(torch.cat([transposed(x), skipped.pop()], 1))
        return self.output(x)


def fill(model):
    """The n-th parameter's entry q, both counted in our order, is 0.3 sin(0.7 n + 1.3 q)."""
    with torch.no_grad():
        for n, parameter in enumerate(model.parameters()):
            q = torch.arange(parameter.numel(), dtype=torch.float64)
            values = 0.3 * torch.sin(0.7 * n + 1.3 * q)
            if parameter.dim() == 4:  # ours has the channels last: (output, x, y, input), transposed (input, x, y, output)
                a, b, kx, ky = parameter.shape
                values = values.reshape(a, kx, ky, b).permute(0, 3, 1, 2)
            parameter.copy_(values)


def golden():
    torch.set_default_dtype(torch.float64)
    model = UNet(4, 2)
    fill(model)
    x, y = 12, 20
    q = torch.arange(2 * x * y * 2, dtype=torch.float64)
    image = (torch.sin(0.37 * q) + torch.cos(0.011 * q)).reshape(2, x, y, 2).permute(0, 3, 1, 2).requires_grad_()
    out = model(image)
    weights = torch.cos(0.23 * q).reshape(2, x, y, 2).permute(0, 3, 1, 2)
    (out * weights).sum().backward()
    first = lambda t: [repr(float(v)) for v in t.detach().permute(0, 2, 3, 1).reshape(-1)[[0, 1, 331, 700, 959]]]
    print("output", *first(out))
    print("input gradient", *first(image.grad))
    for name, parameter in model.named_parameters():
        print("|gradient|", name, repr(float(parameter.grad.norm())))
    print("parameters at 32 channels, 4 poolings:", sum(p.numel() for p in UNet(32, 4).parameters()))


if __name__ == "__main__":
    golden()
