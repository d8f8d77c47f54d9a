#!/usr/bin/env bash
# The suites beside this file, one after the other: each is run into runs/NAME and published as results/NAME.
#
#     benchmarks/evidence/run.sh                  all of them
#     benchmarks/evidence/run.sh digits-zoo xray  some of them
#
# What is finished is skipped, so a run that was stopped goes on where it was. A suite whose data is missing is named, and
# the others go on.
set -uo pipefail
cd "$(dirname "$0")/../.."

declare -A suites=(
  [digits-zoo]=digits [samplers]=samplers [breast-cancer]=breast-cancer [mnist]=mnist [xray]=xray [pictures]=pictures
)
failed=0
for name in "${@:-digits-zoo samplers breast-cancer mnist xray pictures}"; do
  for each in $name; do
    suite=${suites[$each]:?"no suite of that name: ${!suites[*]}"}
    started=$(date +%s)
    if genharness run "benchmarks/evidence/$suite.toml"; then
      genharness publish "runs/$each" --to "results/$each"
      echo "$each: $((($(date +%s) - started) / 60)) minutes"
    else
      echo "$each did not end well: see above"
      failed=1
    fi
  done
done
exit $failed
