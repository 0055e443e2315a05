#!/usr/bin/env bash
# Collects the logs of the Jobs in kubernetes-job.yaml, one per service, and prints one matrix of services and checks. Exits with 1
# if a service is not ready, or if its report is lost: a log that is cut off never counts as passed.
#
#   ./merge-logs.sh [namespace] [options of merge, such as --report html=preflight.html]
#
# The same works for the Jobs and Pods of the Helm chart with frame=true, and for logs of any other origin: each file is named after
# its service.
set -euo pipefail

namespace=${1:-spacelift}
shift || true

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

for service in server drain scheduler; do
  kubectl logs --namespace "$namespace" "job/spacelift-preflight-$service" --tail=-1 >"$logs/$service.log"
done

spacelift-preflight merge "$logs/server.log" "$logs/drain.log" "$logs/scheduler.log" "$@"
