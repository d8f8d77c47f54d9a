#!/usr/bin/env bash
# Everything that a device can show, within ten minutes: see run.py, or give --help. PYTHON names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec "${PYTHON:-python}" benchmarks/device/run.py "$@"
