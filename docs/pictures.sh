#!/usr/bin/env bash
# Draws the pictures of the README and the tutorial into a folder: docs/pictures.sh docs/images. SIM names the program.
set -euo pipefail
sim=${SIM:-target/release/sim}
to=$1
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
mkdir -p "$to"
# The experiment of the tutorial, as it stands there, beside the models.
{
  echo "# decision.toml"
  sed -n '/^```toml decision.toml$/,/^```$/p' docs/tutorial.md | sed '1d;$d'
} | sed "s|^model = \"|&$PWD/|" >"$made/decision.toml"
$sim sweep experiments/pooling.toml --quiet --table none --output "$made" >/dev/null
$sim explain experiments/pooling.toml --at concurrency=125 --steps 2 --quiet --output "$made" >/dev/null
$sim sweep "$made/decision.toml" --quiet --table none --output "$made" >/dev/null
cp "$made/pooling/throughput.png" "$to/pooling.png"
cp "$made/pooling/blame.png" "$to/tutorial-time.png"
cp "$made/pooling/explain.png" "$to/tutorial-ladder.png"
cp "$made/decision/throughput.png" "$to/tutorial-decision.png"
