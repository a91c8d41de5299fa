# Folders, names and helpers shared by the rig's scripts. Sourced, never run.
# shellcheck shell=bash disable=SC2034

RIG=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${TIDEGATE_RIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegate-rig}
RUN=${TIDEGATE_RIG_RUN:-$CACHE/run}
CACHE=$(realpath --canonicalize-missing "$CACHE")
RUN=$(realpath --canonicalize-missing "$RUN")

# Part names, in the order in which they start.
PARTS=(stable canary etcd apiserver contour envoy prometheus relay)

GATEWAY_NAMESPACE=gateway-system
GATEWAY_NAME=edge
DEMO_NAMESPACE=shop
DEMO_HOST=checkout.example
STABLE_VERSION=v1.4.1
CANARY_VERSION=v1.5.0-rc2
BACKEND_PORT=8080
BACKEND_ADMIN_PORT=8081
RELAY_PORT=9090

say() { printf '%s\n' "$*" >&2; }

die() {
  say "rig: $*"
  exit 1
}

reversed() { printf '%s\n' "$@" | tac; }

# wait_until SECONDS WHAT COMMAND... tries the command again and again until it succeeds.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "gave up waiting for $what"
    sleep 0.05
  done
}

# Prints HTTP bodies; fails on an error status. Never through a proxy, never for long.
fetch() { curl --silent --show-error --fail --noproxy '*' --max-time 5 "$@"; }

# Only one script changes a rig at a time. Children must not inherit the lock: they close fd 9.
lock_run() {
  mkdir -p "$RUN"
  exec 9>"$RUN.lock"
  flock --timeout 1800 9 || die "another script holds $RUN.lock"
}

# Every build product has a folder named after what it is built from: another version, another folder.
source_hash() {
  (cd "$RIG" && find "$@" -type f '(' -name 'go.*' -o -name '*.go' ')' | LC_ALL=C sort |
    xargs cat | sha256sum | cut -c1-12)
}

ENVOY_VERSION=1.40.0
KUBE_DIR=$CACHE/kube-$(source_hash kube)
CONTOUR_DIR=$CACHE/contour-$(source_hash contour)
CRDS_DIR=$CACHE/crds-$(source_hash crds contour)
TRAFFIC_DIR=$CACHE/traffic-$(source_hash traffic)
ENVOY_DIR=$CACHE/envoy-$ENVOY_VERSION
FAKETIME_DIR=$CACHE/faketime-$(. /etc/os-release && echo "${ID:-linux}${VERSION_ID:-}")
PROMETHEUS_DIR=$CACHE/prometheus-$(. /etc/os-release && echo "${ID:-linux}${VERSION_ID:-}")
