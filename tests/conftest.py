"""For all tests: one thread, in this process and in those it starts, so that tests side by side do not fight for cores."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

torch.set_num_threads(1)
