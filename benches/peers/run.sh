#!/bin/sh
# Builds and runs the comparison; SimPy goes into a virtual environment beside this script.
# Arguments are passed on: see ./run.sh --help.
set -eu
cd "$(dirname "$0")"
venv=${PEERS_VENV:-.venv}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --requirement requirements.txt
fi
PEERS_PYTHON="$venv/bin/python" exec nice cargo run --release --locked --quiet -- "$@"
