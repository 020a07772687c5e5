"""Background work that continues when a page is left: a job is a folder and one worker process.

    job = submit("map", {...})       # writes the folder and starts the worker
    job.state, job.events(), job.stop()

The state on disk is the truth: every page, session and server that opens the folder sees the same. Only the worker writes
events; all others can only ask it to stop.
"""

from explorer.services.jobs.folder import NAME, UNDER_WAY, Job, JobError, State, find, jobs, resume, submit

__all__ = ["NAME", "UNDER_WAY", "Job", "JobError", "State", "find", "jobs", "resume", "submit"]
