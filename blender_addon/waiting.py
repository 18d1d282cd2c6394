# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""Operators that start a job and may wait for its end, for scripts and background mode."""

import bpy

from ..shared.errors import RetakeError
from . import timer


class WaitsForJob:
    """An operator with the choice to return only when its job has ended."""

    wait: bpy.props.BoolProperty(
        name="Wait",
        description="Return only when the job has ended. For scripts and background mode",
        options={"SKIP_SAVE"},
    )
    timeout: bpy.props.FloatProperty(
        name="Timeout", description="Seconds to wait at most", default=600, min=1, subtype="TIME"
    )

    def outcome(self, kind, what: str):
        """The job's outcome, a `kind`; RetakeError if it fails, or if `what` is not there in time.

        A job that takes too long is cancelled.
        """
        outcome = timer.pump(self.timeout)
        if outcome is None:
            timer.client.cancel()
            raise RetakeError(f"There {what} within {self.timeout:.0f} seconds.")
        if not isinstance(outcome, kind):
            raise RetakeError(outcome.text)
        return outcome
