"""voiceprep: practise interviews aloud, alone, on your own machine."""

import os

__version__ = "0.1.0"

# Nothing leaves the machine. ONNX Runtime uploads usage events from its first use on unless
# its environment says no beforehand (https://github.com/microsoft/onnxruntime/pull/27379;
# the second name is that of other releases), and the model hub's client counts its calls.
for _name in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ[_name] = "1"

# One window of sound gains nothing from a second thread of numpy's linear algebra, which
# keeps a core busy waiting for the next product: 15 % of the time of a transcription.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
