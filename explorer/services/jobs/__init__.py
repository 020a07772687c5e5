"""Work that outlives a page: a job is a folder and one worker process.

    job = submit("map", {...})       # writes the folder, starts the worker
    job.state, job.events(), job.stop()

State on disk is the truth: any page, session or server that opens the folder sees the same. The worker alone writes events; all
others only ask it to stop.
"""

from explorer.services.jobs.folder import NAME, UNDER_WAY, Job, JobError, State, find, jobs, resume, submit

__all__ = ["NAME", "UNDER_WAY", "Job", "JobError", "State", "find", "jobs", "resume", "submit"]
