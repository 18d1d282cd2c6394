"""Windows through the network: mirrored as well, so many at a time, in some precision, watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ..arrays import Floats32
from .diffusion import Diffusion
from .precision import autocast


class Recall(Protocol):
    """Remembers what the network said of the windows of one request, perhaps for another day."""

    def get(self, t: int, start: int) -> Floats32 | None:
        """Clean positions (H, L, J, 3) of the window from frame `start` on at diffusion step t."""
        ...

    def put(self, t: int, start: int, clean: Floats32) -> None: ...


class Predict(Protocol):
    """`Diffusion.predict` for at most `most` passes at once (`together`)."""

    def __call__(self, points: Tensor, noisy: Tensor, steps: Tensor, *, most: int) -> Tensor: ...


@dataclass
class Progress:
    """Counts passes through the network and tells of them.

    on_step   (done, steps) whenever another of `steps` equal shares of the work is done
    on_layer  (share done, 0 to 1) before every layer of the network, and after its last
    """

    steps: int
    passes: int
    on_step: Callable[[int, int], None] | None = None
    on_layer: Callable[[float], None] | None = None
    done: int = 0

    def advance(self, passes: int) -> None:
        """Either call may raise to stop the work."""
        before = self.done * self.steps // self.passes
        self.done += passes
        after = self.done * self.steps // self.passes
        if self.on_step and after > before:
            self.on_step(after, self.steps)
        if self.on_layer:  # another thread may have computed, for this one too
            self.on_layer(self.done / self.passes)

    @contextmanager
    def watching(self, model: Diffusion) -> Generator[None]:
        """Calls `on_layer` from inside the network: one batch can take seconds.

        Not while another thread computes: what `on_layer` raises is meant for this one.
        """
        on_layer, thread = self.on_layer, threading.get_ident()
        if on_layer is None:
            yield
            return

        def tell(*_: object) -> None:
            if threading.get_ident() == thread:
                on_layer(self.done / self.passes)

        leaves = [module for module in model.denoiser.modules() if not [*module.children()]]
        hooks = [module.register_forward_pre_hook(tell) for module in leaves]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


@dataclass(frozen=True)
class Network:
    """The denoiser as `stream` wants it: k windows of H hypotheses in, clean positions out.

    keypoints  first frames of k windows -> their keypoints (k, L, J, 2), as the model takes them
    flip       average with the prediction for the mirrored window
    at_once    passes (a window of a hypothesis, straight or mirrored) in one call of the network
    dtype      that matrices are multiplied in
    recall     is asked before the network, and told afterwards
    predict    in place of the model's own
    """

    model: Diffusion
    keypoints: Callable[[Sequence[int]], Tensor]
    flip: bool
    at_once: int
    dtype: torch.dtype
    progress: Progress
    recall: Recall | None = None
    predict: Predict | None = None

    def __call__(self, starts: Sequence[int], windows: Tensor, t: int) -> Tensor:
        """(k, H, L, J, C) -> (k, H, L, J, 3)."""
        recall = self.recall
        if recall is None:
            return self._clean(starts, windows, t)
        known = {s: clean for s in starts if (clean := recall.get(t, s)) is not None}
        missing = [i for i, s in enumerate(starts) if s not in known]
        if missing:
            new = self._clean([starts[i] for i in missing], windows[missing], t).cpu().numpy()
            for i, clean in zip(missing, new, strict=True):
                recall.put(t, starts[i], clean)
                known[starts[i]] = clean
        if len(missing) < len(starts):
            passes = windows.shape[1] * (2 if self.flip else 1)
            self.progress.advance((len(starts) - len(missing)) * passes)
        return torch.stack([torch.from_numpy(known[s]).to(windows.device) for s in starts])

    def _clean(self, starts: Sequence[int], windows: Tensor, t: int) -> Tensor:
        points = self.keypoints(starts).repeat_interleave(windows.shape[1], dim=0)
        noisy = windows.flatten(0, 1)
        if self.flip:
            points, noisy = (torch.cat([v, self.model.flip(v)]) for v in (points, noisy))
        parts = -(-len(noisy) // self.at_once)
        pairs = zip(points.tensor_split(parts), noisy.tensor_split(parts), strict=True)
        clean = torch.cat([self._pass(p, n, t) for p, n in pairs])
        if self.flip:
            straight, mirrored = clean.chunk(2)
            clean = (straight + self.model.flip(mirrored)) / 2
        return clean.unflatten(0, windows.shape[:2])

    def _pass(self, points: Tensor, noisy: Tensor, t: int) -> Tensor:
        steps = torch.full((len(noisy),), t, device=noisy.device)
        with autocast(noisy.device, self.dtype):
            if self.predict is None:
                clean = self.model.predict(points, noisy, steps)
            else:
                clean = self.predict(points, noisy, steps, most=self.at_once)
        self.progress.advance(len(noisy))
        return clean.float()
