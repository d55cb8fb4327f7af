"""Rounding a matrix to 2 bits a number: to the nearest levels, or fitted to its inputs.

Nearest levels keep the numbers. Fitted ones keep what the matrix does: with the
second moments of its inputs, each column's rounding error is made up for by the
columns still to come (GPTQ, Frantar et al. 2023, equations 2 and 3; on differences
to a base as in DeltaZip, Yao et al. 2025).
"""

from typing import Any

from analytics.engine.delta import GROUP, LEVELS

_EDGE = 0.9816  # between the two levels of one sign, in units of the root mean square
_REFINEMENTS = 4
# Of the mean second moment, added to each: rare inputs must not make errors free.
_DAMPING = 0.01


def round_nearest(difference: Any) -> tuple[Any, Any]:
    """Codes (rows, columns / 4) of uint8 and scales (rows, groups) of float16.

    Scales are those of the least squared error, a group of 192 columns each.
    """
    import torch

    rows, columns = difference.shape
    groups = difference.view(rows, columns // GROUP, GROUP)
    scale = groups.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-12)
    levels = torch.tensor(LEVELS)
    for _ in range(_REFINEMENTS):
        code = _find_codes(groups, scale)
        picked = levels[code]
        scale = (groups * picked).sum(-1, keepdim=True) / picked.square().sum(-1, keepdim=True)
        scale = scale.clamp(min=1e-12)
    return _pack_codes(code.view(rows, columns)), scale[..., 0].to(torch.float16)


def round_fitted(difference: Any, moments: Any) -> tuple[Any, Any]:
    """The same for a matrix (rows, columns) whose inputs have these moments (columns, columns).

    `moments` is the sum of x x^T over inputs x. Its scale does not matter.
    """
    import torch

    rows, columns = difference.shape
    upper = _invert(moments)
    rest = difference.clone()
    codes = torch.empty((rows, columns), dtype=torch.long)
    scales = torch.empty((rows, columns // GROUP), dtype=torch.float16)
    levels = torch.tensor(LEVELS)
    for first in range(0, columns, GROUP):
        last = first + GROUP
        group = rest[:, first:last].clone()
        scales[:, first // GROUP] = round_nearest(group)[1][:, 0]
        scale = scales[:, first // GROUP].float()
        block = upper[first:last, first:last]
        errors = torch.empty_like(group)
        for i in range(GROUP):
            column = group[:, i]
            code = _find_codes(column, scale)
            codes[:, first + i] = code
            errors[:, i] = (column - levels[code] * scale) / block[i, i]
            group[:, i + 1 :] -= errors[:, i, None] * block[i, i + 1 :]
        rest[:, last:] -= errors @ upper[first:last, last:]
    return _pack_codes(codes), scales


def sum_outputs(matrix: Any, moments: Any) -> float:
    """The squared outputs of a matrix, summed over the inputs that have these moments."""
    return float(((matrix @ moments) * matrix).sum())


def _invert(moments: Any) -> Any:
    """The upper Cholesky factor of the inverse of damped moments, in float32."""
    import torch

    damped = moments.double()
    mean = float(damped.diagonal().mean())
    damped = damped + torch.eye(len(damped), dtype=damped.dtype) * (_DAMPING * mean or 1.0)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    return torch.linalg.cholesky(inverse, upper=True).float()


def _find_codes(values: Any, scale: Any) -> Any:
    """Numbers of the nearest levels; `scale` is broadcast over `values`."""
    return (values >= 0).long() * 2 + ((values.abs() >= _EDGE * scale) ^ (values < 0)).long()


def _pack_codes(codes: Any) -> Any:
    """Four codes (rows, columns) to a byte."""
    import torch

    code = codes.view(len(codes), -1, 4)
    packed = code[..., 0] | code[..., 1] << 2 | code[..., 2] << 4 | code[..., 3] << 6
    return packed.to(torch.uint8)
