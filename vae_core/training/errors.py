"""What stops a run."""


class TrainingError(RuntimeError):
    """A run that cannot start or go on; the message says why and what to do."""
