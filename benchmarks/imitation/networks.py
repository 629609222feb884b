"""Networks from what is shown to a chunk of targets: layers, and a small ACT, with eyes or without. Imported only where torch is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

LATENT = 16  # of ACT's style
STYLE = 10.0  # weight of its divergence, as published


class Chunked(nn.Module):
    """Three hidden layers; the whole chunk comes out at once.

    Args:
        groups: width of each group that is shown; ahead, channels: of a chunk; width: of the hidden layers.
    """

    def __init__(self, groups: Sequence[int], ahead: int, channels: int, width: int = 384):
        super().__init__()
        self.shape = (ahead, channels)
        sizes = [sum(groups), width, width, width, ahead * channels]
        layers = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.GELU())]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, shown: Tensor) -> Tensor:
        """(n, ahead, channels) from (n, k)."""
        out: Tensor = self.layers(shown).reshape(-1, *self.shape)
        return out

    def loss(self, shown: Tensor, wanted: Tensor) -> Tensor:
        """Mean distance from the wanted chunk."""
        return nn.functional.l1_loss(self(shown), wanted)


class Act(nn.Module):
    """Action chunking with transformers (Zhao et al. 2023, arXiv:2304.13705), small and from state.

    Each group that is shown is a token. While it trains, an encoder sees the chunk that is wanted and says in a few numbers in which
    style it was done; when it acts, the style is zero.

    Args:
        groups: width of each group that is shown; ahead, channels: of a chunk; width: of a token; layers: of the encoder.
        eyes: what makes tokens of pictures, where it is shown any.
    """

    def __init__(
        self,
        groups: Sequence[int],
        ahead: int,
        channels: int,
        width: int = 96,
        layers: int = 2,
        eyes: Eyes | None = None,
    ):
        super().__init__()
        self.groups = list(groups)
        self.tokens = nn.ModuleList(nn.Linear(k, width) for k in groups)
        self.place = nn.Parameter(0.02 * torch.randn(len(self.groups) + 1, width))
        self.style = nn.Linear(LATENT, width)
        self.encoder = nn.TransformerEncoder(_layer(width), layers, enable_nested_tensor=False)
        self.steps = nn.Parameter(0.02 * torch.randn(ahead, width))
        decoder = nn.TransformerDecoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(decoder, 1, nn.LayerNorm(width))
        self.out = nn.Linear(width, channels)
        self.action = nn.Linear(channels, width)
        self.asked = nn.Parameter(0.02 * torch.randn(2 + ahead, width))
        self.stylist = nn.TransformerEncoder(_layer(width), 1, enable_nested_tensor=False)
        self.of_style = nn.Linear(width, 2 * LATENT)
        self.eyes = eyes

    def forward(self, shown: Tensor, pictures: Tensor | None = None) -> Tensor:
        """(n, ahead, channels) from (n, k), in the mean style."""
        return self._chunk(shown, shown.new_zeros(len(shown), LATENT), pictures)

    def loss(self, shown: Tensor, wanted: Tensor, pictures: Tensor | None = None) -> Tensor:
        """Mean distance from the wanted chunk, and the divergence of its style from a standard normal."""
        own = self.tokens[0](shown[:, : self.groups[0]])
        rows = torch.cat([torch.zeros_like(own)[:, None], own[:, None], self.action(wanted)], 1) + self.asked
        mean, log = self.of_style(self.stylist(rows)[:, 0]).float().chunk(2, -1)
        chunk = self._chunk(shown, mean + torch.exp(0.5 * log) * torch.randn_like(mean), pictures)
        divergence = -0.5 * (1 + log - mean**2 - log.exp()).sum(-1).mean()
        return nn.functional.l1_loss(chunk, wanted) + STYLE * divergence / wanted[0].numel()

    def _chunk(self, shown: Tensor, style: Tensor, pictures: Tensor | None) -> Tensor:
        parts = [token(part) for token, part in zip(self.tokens, shown.split(self.groups, -1))]
        tokens = torch.stack([self.style(style), *parts], 1) + self.place
        if self.eyes is not None:
            tokens = torch.cat([tokens, self.eyes(pictures)], 1)
        seen = self.encoder(tokens)
        out: Tensor = self.out(self.decoder(self.steps.expand(len(shown), -1, -1), seen))
        return out


class Eyes(nn.Module):
    """Tokens of pictures: for each camera residual layers of its own (He et al. 2015, arXiv:1512.03385), begun from nothing.

    Args:
        cameras: number of pictures; height, width: of each [pixels]; token: width of a token.
    """

    STRIDE = 16  # pixels of a token's side

    def __init__(self, cameras: int, height: int, width: int, token: int):
        super().__init__()
        self.nets = nn.ModuleList(_residual_layers(token) for _ in range(cameras))
        cells = -(-height // self.STRIDE) * -(-width // self.STRIDE)
        self.place = nn.Parameter(0.02 * torch.randn(cameras * cells, token))

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, cameras * cells, token) from (n, cameras, 3, height, width), -1 to 1."""
        seen = [net(pictures[:, k]).flatten(2).transpose(1, 2) for k, net in enumerate(self.nets)]
        out: Tensor = torch.cat(seen, 1) + self.place
        return out


class _Residual(nn.Module):
    """Two convolutions beside a shorter way."""

    def __init__(self, a: int, b: int, stride: int):
        super().__init__()
        self.long = nn.Sequential(*_convolution(a, b, 3, stride), nn.ReLU(inplace=True), *_convolution(b, b, 3, 1))
        self.short = nn.Identity() if a == b and stride == 1 else nn.Sequential(*_convolution(a, b, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.long(x) + self.short(x))


def _residual_layers(token: int) -> nn.Sequential:
    sizes = (32, 64, 128, token)
    layers: list[nn.Module] = [*_convolution(3, sizes[0], 5, 2), nn.ReLU(inplace=True)]
    for a, b in itertools.pairwise(sizes):
        layers += [_Residual(a, b, 2), _Residual(b, b, 1)]
    return nn.Sequential(*layers)


def _convolution(a: int, b: int, side: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(a, b, side, stride, side // 2, bias=False), nn.BatchNorm2d(b)]


def _layer(width: int) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)


NETWORKS: dict[str, type[Chunked] | type[Act]] = {"chunked": Chunked, "act": Act}
