"""The contract suite that every target has to pass: subclass it, say where the calls go, and add nothing else."""

from __future__ import annotations

from .suite_changes import Changing
from .suite_faults import Disturbed, Faulty
from .suite_reading import Reading


class TargetContract(Reading, Disturbed, Changing, Faulty):
    """Everything that a target promises."""


class ReadOnlyContract(Reading, Disturbed):
    """What a target promises that this version of the application lets only read."""
