#!/usr/bin/env bash
# The suites beside this file, one after the other: each is run into runs/NAME and published as results/NAME.
#
#     benchmarks/evidence/run.sh                  all of them
#     benchmarks/evidence/run.sh digits-zoo xray  some of them
#
# What is finished is skipped, so a run that was stopped goes on where it was. A suite whose data is missing is named, and
# the others go on. Published are the pictures that results/README.md says of each: all of README's first screen, of most
# only grids, of some those that the report shows, which has its own.
set -uo pipefail
cd "$(dirname "$0")/../.."

[ $# -gt 0 ] || set -- digits digits-zoo precision samplers breast-cancer mnist xray cifar10 cifar10-families covid covid-families gan-vae-study gan-vae-ablations latent-study
failed=0
for name in "$@"; do
  started=$(date +%s)
  case "$name" in
    digits) pictures=all ;;
    precision | gan-vae-ablations | latent-study | breast-cancer) pictures=none ;;
    *) pictures=grid ;;
  esac
  if genharness run "benchmarks/evidence/$name.toml"; then
    genharness publish "runs/$name" --to "results/$name" --pictures "$pictures" || failed=1
    echo "$name: $((($(date +%s) - started) / 60)) minutes"
  else
    echo "$name did not end well: see above"
    failed=1
  fi
done
exit $failed
