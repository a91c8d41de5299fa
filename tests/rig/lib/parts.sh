# How each part is started, when it is ready, and where it listens. Sourced, never run.
# shellcheck shell=bash
#
# For each NAME in PARTS: start_NAME, ready_NAME, address_NAME.

# start_part NAME starts a part unless it runs, and waits until it is ready.
start_part() {
  launch_part "$1"
  wait_part "$1"
}

# any_missing prints the parts that do not run, each after a blank.
any_missing() {
  local name
  for name in "${PARTS[@]}"; do running "$name" || printf ' %s' "$name"; done
}

# end_outdated ends all parts if the programs that they were started from are no longer the wanted ones.
end_outdated() {
  local name programs="$KUBE_DIR $CONTOUR_DIR $ENVOY_DIR $PROMETHEUS_DIR $TRAFFIC_DIR"
  [[ $(cat "$RUN/programs" 2>/dev/null) != "$programs" ]] || return 0
  for name in $(reversed "${PARTS[@]}"); do end "$name"; done
  printf %s "$programs" >"$RUN/programs"
}

# replace_taken_ports chooses anew if, while nothing of the rig ran, somebody took one of its ports.
replace_taken_ports() {
  local name
  for name in $(compgen -v PORT_); do
    is_closed "127.0.0.1:${!name}" && continue
    choose_state
    load_state
    return
  done
}

launch_part() { running "$1" || "start_$1"; }

wait_part() {
  local name=$1 deadline=$((SECONDS + 60))
  until "ready_$name" >/dev/null 2>&1; do
    running "$name" || die "$name ended while starting; the end of $RUN/log/$name.log:
$(tail -n 15 "$RUN/log/$name.log")"
    ((SECONDS < deadline)) || die "$name runs but is not ready after 60 s; see $RUN/log/$name.log"
    sleep 0.05
  done
}

# stop_part NAME returns once the process is gone and nothing listens on its port.
stop_part() {
  end "$1"
  wait_until 20 "the port of $1 to be closed" is_closed "$("address_$1")"
}

is_closed() { ! timeout 2 bash -c "exec 3<>/dev/tcp/${1/:/\/}" 2>/dev/null; }

# The two backends.

start_backend() {
  local name=$1 version=$2 ip=$3
  spawn "$name" ip netns exec "$NETNS" "$TRAFFIC_DIR/backend" \
    --version "$version" --service "checkout-$name" --namespace "$DEMO_HOST=$DEMO_NAMESPACE" \
    --listen "$ip:$BACKEND_PORT" --admin-listen "$ip:$BACKEND_ADMIN_PORT"
}

address_stable() { echo "$STABLE_IP:$BACKEND_PORT"; }
start_stable() { start_backend stable "$STABLE_VERSION" "$STABLE_IP"; }
ready_stable() { fetch "http://$STABLE_IP:$BACKEND_ADMIN_PORT/healthz"; }

address_canary() { echo "$CANARY_IP:$BACKEND_PORT"; }
start_canary() { start_backend canary "$CANARY_VERSION" "$CANARY_IP"; }
ready_canary() { fetch "http://$CANARY_IP:$BACKEND_ADMIN_PORT/healthz"; }

# The API server and its store.

address_etcd() { echo "127.0.0.1:$PORT_ETCD"; }
start_etcd() {
  local client=http://127.0.0.1:$PORT_ETCD peer=http://127.0.0.1:$PORT_ETCD_PEER
  spawn etcd "$KUBE_DIR/etcd" --name rig --data-dir "$RUN/etcd/data" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "rig=$peer"
}
ready_etcd() { fetch "http://127.0.0.1:$PORT_ETCD/health"; }

address_apiserver() { echo "127.0.0.1:$PORT_APISERVER"; }
start_apiserver() {
  local dir=$RUN/apiserver
  mkdir -p "$dir/certs"
  [[ -s $dir/service-account.key ]] || openssl genrsa -out "$dir/service-account.key" 2048 2>/dev/null
  (umask 077 && cat >"$dir/tokens.csv") <<CSV
$TOKEN_ADMIN,admin,admin,system:masters
$TOKEN_ONCALL,oncall,oncall,tidegate-oncall
$TOKEN_VIEWER,viewer,viewer,tidegate-viewer
CSV
  # --shutdown-send-retry-after ends open watches after 2 s; without it they hold a stop up for a minute.
  # --advertise-address only keeps it from looking for a default route, which a machine may lack.
  spawn apiserver "$KUBE_DIR/kube-apiserver" \
    --bind-address 127.0.0.1 --secure-port "$PORT_APISERVER" --advertise-address "$HOST_IP" \
    --cert-dir "$dir/certs" --token-auth-file "$dir/tokens.csv" --authorization-mode RBAC \
    --etcd-servers "http://127.0.0.1:$PORT_ETCD" --service-cluster-ip-range 10.96.0.0/16 \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$dir/service-account.key" \
    --service-account-signing-key-file "$dir/service-account.key" \
    --endpoint-reconciler-type none --disable-admission-plugins ServiceAccount \
    --shutdown-send-retry-after=true
}
ready_apiserver() {
  fetch --cacert "$RUN/apiserver/certs/apiserver.crt" --header "Authorization: Bearer $TOKEN_ADMIN" \
    "https://127.0.0.1:$PORT_APISERVER/readyz"
}

# The gateway: Contour tells Envoy what to serve.

address_contour() { echo "127.0.0.1:$PORT_XDS"; }
start_contour() {
  mkdir -p "$RUN/contour"
  cat >"$RUN/contour/config.yaml" <<YAML
gateway:
  gatewayRef:
    namespace: $GATEWAY_NAMESPACE
    name: $GATEWAY_NAME
accesslog-level: disabled
network:
  admin-port: $PORT_ENVOY_ADMIN
YAML
  # The disabled features need versions that the Gateway API's CRDs no longer serve.
  spawn contour "$CONTOUR_DIR/contour" serve --insecure --disable-leader-election \
    --config-path "$RUN/contour/config.yaml" --kubeconfig "$RUN/kubeconfig-admin" \
    --disable-feature tlsroutes --disable-feature grpcroutes --disable-feature tcproutes \
    --disable-feature backendtlspolicies \
    --xds-address 127.0.0.1 --xds-port "$PORT_XDS" \
    --http-address 127.0.0.1 --http-port "$PORT_CONTOUR_METRICS" \
    --health-address 127.0.0.1 --health-port "$PORT_CONTOUR_HEALTH" \
    --debug-http-address 127.0.0.1 --debug-http-port "$PORT_CONTOUR_DEBUG" \
    --stats-address 127.0.0.1 --stats-port "$PORT_ENVOY_STATS" \
    --envoy-service-http-address 127.0.0.1 --ingress-status-address 127.0.0.1
}
ready_contour() { fetch "http://127.0.0.1:$PORT_CONTOUR_HEALTH/healthz" && ! is_closed "$(address_contour)"; }

address_envoy() { echo "127.0.0.1:$PORT_GATEWAY"; }
start_envoy() {
  local dir=$RUN/envoy
  mkdir -p "$dir/resources"
  rm -f "$dir/admin.sock"
  "$CONTOUR_DIR/contour" bootstrap "$dir/bootstrap.json" --resources-dir "$dir/resources" \
    --admin-address "$dir/admin.sock" --xds-address 127.0.0.1 --xds-port "$PORT_XDS" \
    --xds-resource-version v3 >>"$RUN/log/envoy.log" 2>&1
  spawn envoy "$ENVOY_DIR/envoy" -c "$dir/bootstrap.json" --service-cluster rig --service-node envoy \
    --disable-hot-restart --concurrency 1 --log-level warning
}
# Envoy opens this port once it has its configuration from Contour; the Gateway's only if there is a route.
ready_envoy() { fetch "http://127.0.0.1:$PORT_ENVOY_STATS/ready"; }

# The metrics.

address_prometheus() { echo "127.0.0.1:$PORT_PROMETHEUS"; }
start_prometheus() {
  mkdir -p "$RUN/prometheus/consoles/api/v1"
  # A web page where somebody with a wrong address would look for answers.
  echo '<!DOCTYPE html><html><body>Log in</body></html>' >"$RUN/prometheus/consoles/api/v1/query"
  cat >"$RUN/prometheus/prometheus.yml" <<YAML
global:
  scrape_interval: 2s
  scrape_timeout: 2s
scrape_configs:
  - job_name: envoy
    metrics_path: /stats/prometheus
    static_configs: [{targets: ["127.0.0.1:$PORT_ENVOY_STATS"]}]
  - job_name: checkout
    static_configs:
      - targets: ["$STABLE_IP:$BACKEND_ADMIN_PORT", "$CANARY_IP:$BACKEND_ADMIN_PORT"]
YAML
  spawn prometheus "$PROMETHEUS_DIR/usr/bin/prometheus" --config.file "$RUN/prometheus/prometheus.yml" \
    --storage.tsdb.path "$RUN/prometheus/data" --storage.tsdb.retention.time 6h \
    --web.listen-address "127.0.0.1:$PORT_PROMETHEUS" --web.console.templates "$RUN/prometheus/consoles" \
    --log.level warn
}
ready_prometheus() { fetch "http://127.0.0.1:$PORT_PROMETHEUS/-/ready"; }

# The relay gives Prometheus an address that the API server's service proxy speaks to.

address_relay() { echo "$HOST_IP:$RELAY_PORT"; }
start_relay() {
  spawn relay "$TRAFFIC_DIR/relay" --listen "$HOST_IP:$RELAY_PORT" --to "127.0.0.1:$PORT_PROMETHEUS"
}
ready_relay() { fetch "http://$HOST_IP:$RELAY_PORT/-/ready"; }
