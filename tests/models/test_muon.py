"""Muon against what orthogonalisation and AdamW are known to do."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from models.muon import Muon, orthogonalised  # noqa: E402


@pytest.mark.parametrize("shape", [(12, 40), (40, 12)])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    u, _, v = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    found = orthogonalised((u * torch.linspace(1.0, 5.0, 12)) @ v)
    diagonal = u.T @ found @ v.T
    assert (torch.diagonal(diagonal) - 1.0).abs().max() < 0.35
    assert (diagonal - torch.diag(torch.diagonal(diagonal))).abs().max() < 1e-4


def test_an_update_has_the_size_of_the_rate_whatever_the_gradient() -> None:
    torch.manual_seed(0)
    for scale in (1e-6, 1e3):
        weights = torch.nn.Parameter(torch.zeros(16, 8, 3, 3))
        weights.grad = scale * torch.randn_like(weights)
        Muon([weights], lr=0.01).step()
        assert weights.detach().square().mean().sqrt() == pytest.approx(0.2 * 0.01, rel=0.35)


def test_biases_and_narrow_layers_are_adams() -> None:
    torch.manual_seed(0)
    one = [torch.nn.Parameter(torch.randn(3)), torch.nn.Parameter(torch.randn(2, 8, 3, 3))]
    other = [torch.nn.Parameter(p.detach().clone()) for p in one]
    muon = Muon(one, lr=0.01, betas=(0.9, 0.99), weight_decay=0.3)
    adam = torch.optim.Adam(other, lr=0.01, betas=(0.9, 0.99))
    for _ in range(4):
        for a, b in zip(one, other, strict=True):
            a.grad = b.grad = torch.randn_like(a)
        muon.step()
        adam.step()
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b)


def test_convolutions_decay() -> None:
    weights = torch.nn.Parameter(torch.ones(16, 8, 3, 3))
    weights.grad = torch.zeros_like(weights)
    Muon([weights], lr=0.1, weight_decay=0.5).step()
    torch.testing.assert_close(weights.detach(), torch.full_like(weights, 0.95))
