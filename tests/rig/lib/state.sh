# What a rig keeps over restarts of its parts: ports, addresses, tokens. Sourced, never run.
# shellcheck shell=bash disable=SC2034

# The names of the namespace and of its two interfaces tell which rig they belong to.
RIG_ID=$(printf %s "$RUN" | sha256sum | cut -c1-6)
NETNS=tidegate-$RIG_ID
VETH_HOST=tg-$RIG_ID-h
VETH_INSIDE=tg-$RIG_ID-n

# load_state reads the state, choosing it first if there is none yet.
load_state() {
  [[ -s $RUN/state ]] || choose_state
  # shellcheck disable=SC1091
  . "$RUN/state"
  HOST_IP=10.203.$SUBNET.1
  STABLE_IP=10.203.$SUBNET.2
  CANARY_IP=10.203.$SUBNET.3
}

choose_state() {
  mkdir -p "$RUN"
  choose_numbers >"$RUN/state.new"
  mv "$RUN/state.new" "$RUN/state"
}

# Ports lie below the range from which the kernel takes ports for outgoing connections, so that
# none of those sits on a part's port while the part is being restarted.
choose_numbers() {
  python3 - "$RIG_ID" "$(ip -4 -oneline address show)" <<'PYTHON'
import random, secrets, socket, sys

rig_id, addresses = sys.argv[1:]

def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False

ports = iter(p for p in random.sample(range(20000, 32000), 2000) if is_free(p))
for name in ("ETCD", "ETCD_PEER", "APISERVER", "XDS", "CONTOUR_METRICS", "CONTOUR_HEALTH",
             "CONTOUR_DEBUG", "ENVOY_STATS", "ENVOY_ADMIN", "PROMETHEUS"):
    print(f"PORT_{name}={next(ports)}")

# Contour serves a Gateway's listener on its port + 8000.
gateway = 8080 if is_free(8080) else next(ports)
print(f"PORT_GATEWAY={gateway}")
print(f"LISTENER_PORT={gateway - 8000}")

start = int(rig_id, 16)
print("SUBNET=%d" % next(n for n in ((start + i) % 254 + 1 for i in range(254))
                         if f" 10.203.{n}." not in addresses))
for user in ("ADMIN", "ONCALL", "VIEWER"):
    print(f"TOKEN_{user}={secrets.token_hex(16)}")
PYTHON
}
