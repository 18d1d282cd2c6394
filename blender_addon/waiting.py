# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""Operators that start a job and may wait for its end, for scripts and background mode."""

import uuid

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
    job: bpy.props.StringProperty(
        name="Job",
        description="Name of a job to go on with. Empty: a new one",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    timeout: bpy.props.FloatProperty(
        name="Timeout", description="Seconds to wait at most", default=600, min=1, subtype="TIME"
    )

    @property
    def job_id(self) -> str:
        """The server knows it again: the same request under the same name is computed once."""
        self.job = self.job or uuid.uuid4().hex
        return self.job

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
