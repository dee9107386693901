#!/usr/bin/env bash
# Prints docs/recommendations.md: runs the ready what-ifs in the order of the load-test report, by the program SIM if it
# is given.
#   docs/recommendations.sh > page.md && mv page.md docs/recommendations.md
set -euo pipefail
cd "$(dirname "$0")/.."
order=(
  ingress-limit liveness-restart
  lifespan-pool circuit-breaker semaphore
  killbill-replicas async-queue account-cache
  event-driven cqrs killbill-replacement
  bcrypt db-pool descriptors workers-and-cpu
  retry-storm spike-recovery
)
files=()
for name in "${order[@]}"; do
  if [ -e "experiments/$name.toml" ]; then files+=("experiments/$name.toml"); fi
done
sim=("${SIM:-}")
[[ ${SIM:-} ]] || sim=(cargo run --release --quiet --)
"${sim[@]}" digest --quiet "${files[@]}" 2>/dev/null
