"""Windows of several jobs in one call of the network, where a device computes more at once faster.

Each job samples in a thread of its own and knows nothing of the others. While one call runs, the
next ones gather; whoever stands first then takes along as many others as fit. Windows do not see
each other in the network, so that company changes a result by rounding only.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import torch
from torch import Tensor

from .diffusion import Diffusion


@dataclass(eq=False)
class _Order:
    """Passes that a thread waits for: arguments of `Diffusion.predict`, and what came out."""

    points: Tensor
    noisy: Tensor
    steps: Tensor
    most: int
    urgent: bool
    clean: Tensor | None = None

    def __len__(self) -> int:
        return len(self.noisy)


class Together:
    """Calls one model for many threads, one call at a time: the urgent first, then as they came."""

    def __init__(self, model: Diffusion) -> None:
        self._model = model
        self._changed = threading.Condition()
        self._orders: list[_Order] = []
        self._is_computing = False

    @property
    def width(self) -> int:
        """Channels of a noisy state."""
        return self._model.state_width

    @property
    def waiting(self) -> int:
        """Orders that wait or are computed."""
        return len(self._orders)

    def predict(
        self, points: Tensor, noisy: Tensor, steps: Tensor, *, most: int, urgent: bool = True
    ) -> Tensor:
        """As `Diffusion.predict`, with at most `most` passes in one call.

        An order that is not `urgent` fills up what the urgent ones leave, or comes after them. What
        the call raises meets the thread that computes; the others try again by themselves.
        """
        order = _Order(points, noisy, steps, most, urgent)
        with self._changed:
            self._orders.append(order)
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: order.clean is not None or self._is_next(order))
                    if order.clean is not None:
                        return order.clean
                    group = self._group(order)
                    self._is_computing = True
                self._compute(group)
        finally:
            with self._changed:
                if order in self._orders:
                    self._orders.remove(order)
                self._changed.notify_all()

    def _is_next(self, order: _Order) -> bool:
        return not self._is_computing and self._in_order()[0] is order

    def _in_order(self) -> list[_Order]:
        return sorted(self._orders, key=lambda order: not order.urgent)

    def _group(self, leader: _Order) -> list[_Order]:
        """The leader, and of the others those that still fit."""
        group, size = [leader], len(leader)
        for order in self._in_order()[1:]:
            if size + len(order) <= min(leader.most, order.most):
                group.append(order)
                size += len(order)
        return group

    def _compute(self, group: list[_Order]) -> None:
        try:
            clean = self._model.predict(
                torch.cat([order.points for order in group]),
                torch.cat([order.noisy for order in group]),
                torch.cat([order.steps for order in group]),
            )
            for order, part in zip(group, clean.split([len(o) for o in group]), strict=True):
                order.clean = part
        finally:
            with self._changed:
                self._orders = [order for order in self._orders if order.clean is None]
                self._is_computing = False
                self._changed.notify_all()
