"""Small models on one thread: faster, and no load for whoever shares the machine."""

import torch

torch.set_num_threads(1)
