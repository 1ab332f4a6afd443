"""The tests. What stands here is done before any of them loads a library."""

import os

# Two processes on two cores leave no core for a second thread of either: where each product of two vectors waits for
# one, the tests take twice as long. It counts only where it is said before numpy is loaded, as `hydroml up` does.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# LightGBM and CatBoost are left out unless a test asks for them, so that the tests pass with and without them.
os.environ["HYDROML_BOOSTERS"] = "off"
