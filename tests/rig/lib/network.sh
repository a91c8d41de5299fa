# The backends' network: a namespace joined to the host by a pair of interfaces. Sourced, never run.
# shellcheck shell=bash
#
# Endpoints may not be loopback addresses, so the backends live on private ones.

network_ready() {
  [[ $(ip -4 -oneline address show dev "$VETH_HOST" 2>/dev/null) == *" $HOST_IP/29 "* ]] &&
    [[ $(ip -n "$NETNS" -4 -oneline address show dev "$VETH_INSIDE" 2>/dev/null) == *" $STABLE_IP/29 "*" $CANARY_IP/29 "* ]]
}

start_network() {
  network_ready && return
  stop_network
  ip netns add "$NETNS"
  ip link add "$VETH_HOST" type veth peer name "$VETH_INSIDE" netns "$NETNS"
  ip address add "$HOST_IP/29" dev "$VETH_HOST"
  ip link set "$VETH_HOST" up
  ip -n "$NETNS" link set lo up
  ip -n "$NETNS" address add "$STABLE_IP/29" dev "$VETH_INSIDE"
  ip -n "$NETNS" address add "$CANARY_IP/29" dev "$VETH_INSIDE"
  ip -n "$NETNS" link set "$VETH_INSIDE" up
}

# The interfaces first: with the namespace they would go some time after `ip` has returned.
stop_network() {
  if ip link show "$VETH_HOST" >/dev/null 2>&1; then ip link delete "$VETH_HOST"; fi
  if [[ -e /run/netns/$NETNS ]]; then ip netns delete "$NETNS"; fi
}
