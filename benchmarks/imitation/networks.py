"""Two networks from what is shown to a chunk of targets: layers, and a small ACT. Imported only where torch is installed."""

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
        groups: width of each group that is shown; ahead, channels: of a chunk; width: of a token.
    """

    def __init__(self, groups: Sequence[int], ahead: int, channels: int, width: int = 96):
        super().__init__()
        self.groups = list(groups)
        self.tokens = nn.ModuleList(nn.Linear(k, width) for k in groups)
        self.place = nn.Parameter(0.02 * torch.randn(len(self.groups) + 1, width))
        self.style = nn.Linear(LATENT, width)
        self.encoder = nn.TransformerEncoder(_layer(width), 2, enable_nested_tensor=False)
        self.steps = nn.Parameter(0.02 * torch.randn(ahead, width))
        decoder = nn.TransformerDecoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(decoder, 1, nn.LayerNorm(width))
        self.out = nn.Linear(width, channels)
        self.action = nn.Linear(channels, width)
        self.asked = nn.Parameter(0.02 * torch.randn(2 + ahead, width))
        self.stylist = nn.TransformerEncoder(_layer(width), 1, enable_nested_tensor=False)
        self.of_style = nn.Linear(width, 2 * LATENT)

    def forward(self, shown: Tensor) -> Tensor:
        """(n, ahead, channels) from (n, k), in the mean style."""
        return self._chunk(shown, torch.zeros(len(shown), LATENT))

    def loss(self, shown: Tensor, wanted: Tensor) -> Tensor:
        """Mean distance from the wanted chunk, and the divergence of its style from a standard normal."""
        own = self.tokens[0](shown[:, : self.groups[0]])
        rows = torch.cat([torch.zeros_like(own)[:, None], own[:, None], self.action(wanted)], 1) + self.asked
        mean, log = self.of_style(self.stylist(rows)[:, 0]).chunk(2, -1)
        chunk = self._chunk(shown, mean + torch.exp(0.5 * log) * torch.randn_like(mean))
        divergence = -0.5 * (1 + log - mean**2 - log.exp()).sum(-1).mean()
        return nn.functional.l1_loss(chunk, wanted) + STYLE * divergence / wanted[0].numel()

    def _chunk(self, shown: Tensor, style: Tensor) -> Tensor:
        parts = [token(part) for token, part in zip(self.tokens, shown.split(self.groups, -1))]
        seen = self.encoder(torch.stack([self.style(style), *parts], 1) + self.place)
        out: Tensor = self.out(self.decoder(self.steps.expand(len(shown), -1, -1), seen))
        return out


def _layer(width: int) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)


NETWORKS: dict[str, type[Chunked] | type[Act]] = {"chunked": Chunked, "act": Act}
