# What is written into the cluster, and the files that tell others how to reach it. Sourced, never run.
# shellcheck shell=bash

kubectl() { "$KUBE_DIR/kubectl" --kubeconfig "$RUN/kubeconfig-admin" --cache-dir "$RUN/kubectl-cache" "$@"; }

write_kubeconfigs() {
  write_kubeconfig admin "$TOKEN_ADMIN"
  write_kubeconfig oncall "$TOKEN_ONCALL"
  write_kubeconfig viewer "$TOKEN_VIEWER"
}

write_kubeconfig() {
  local user=$1 token=$2 file=$RUN/kubeconfig-$1
  (umask 077 && cat >"$file.new") <<YAML
apiVersion: v1
kind: Config
current-context: rig
contexts:
  - name: rig
    context: {cluster: rig, user: $user}
clusters:
  - name: rig
    cluster:
      server: https://127.0.0.1:$PORT_APISERVER
      certificate-authority-data: $(base64 -w0 "$RUN/apiserver/certs/apiserver.crt")
users:
  - name: $user
    user: {token: $token}
YAML
  mv "$file.new" "$file"
}

# manifest FILE prints it with the rig's values filled in.
manifest() {
  local text
  text=$(<"$RIG/manifests/$1")
  local name
  for name in GATEWAY_NAMESPACE GATEWAY_NAME LISTENER_PORT HOST_IP RELAY_PORT; do
    text=${text//\$$name/${!name}}
  done
  printf '%s\n' "$text"
}

apply() { kubectl apply --server-side --force-conflicts --field-manager tidegate-rig --filename "$1" >/dev/null; }

# once NAME CONTENT COMMAND... runs the command unless it was run for this content before; the
# record lies beside etcd's data and goes with it.
once() {
  local record=$RUN/etcd/applied-$1 content=$2
  shift 2
  [[ $(cat "$record" 2>/dev/null) == "$content" ]] && return
  "$@"
  printf %s "$content" >"$record"
}

apply_cluster_objects() {
  once crds "$CRDS_DIR" apply_crds
  once manifests "$(cat "$RIG"/manifests/*.yaml "$RUN/state" | sha256sum)" apply_manifests
}

apply_crds() {
  apply "$CRDS_DIR"
  kubectl wait --for condition=Established --timeout 30s --filename "$CRDS_DIR" >/dev/null
}

apply_manifests() {
  apply "$RIG/manifests/rbac.yaml"
  manifest gateway.yaml | apply -
  manifest monitoring.yaml | apply - 2>/dev/null # a warning: Endpoints are deprecated
  kubectl patch pod prometheus-0 --namespace monitoring --subresource status --type merge --patch \
    "{\"status\":{\"phase\":\"Running\",\"podIP\":\"$HOST_IP\",\"podIPs\":[{\"ip\":\"$HOST_IP\"}],
      \"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}" >/dev/null
}

apply_demo() {
  once demo "$SUBNET $(sha256sum <"$RIG/fixture")" \
    env TIDEGATE_RIG_ENV="$RUN/env" "$RIG/fixture" "$DEMO_NAMESPACE" "$DEMO_HOST"
}

gateway_programmed() {
  [[ $(kubectl get gateway "$GATEWAY_NAME" --namespace "$GATEWAY_NAMESPACE" \
    --output 'jsonpath={.status.conditions[?(@.type=="Programmed")].status}') == True ]]
}

write_env() {
  (umask 077 && cat >"$RUN/env.new") <<ENV
RIG_KUBECONFIG_ADMIN=$RUN/kubeconfig-admin
RIG_KUBECONFIG_ONCALL=$RUN/kubeconfig-oncall
RIG_KUBECONFIG_VIEWER=$RUN/kubeconfig-viewer
RIG_APISERVER_URL=https://127.0.0.1:$PORT_APISERVER
RIG_PROMETHEUS=$PROMETHEUS_DIR/usr/bin/prometheus
RIG_PROMETHEUS_URL=http://127.0.0.1:$PORT_PROMETHEUS
RIG_PROMETHEUS_NAMESPACE=monitoring
RIG_PROMETHEUS_SERVICE=prometheus
RIG_PROMETHEUS_PORT=9090
RIG_GATEWAY_URL=http://127.0.0.1:$PORT_GATEWAY
RIG_GATEWAY_CLASS=contour
RIG_GATEWAY_NAMESPACE=$GATEWAY_NAMESPACE
RIG_GATEWAY_NAME=$GATEWAY_NAME
RIG_GATEWAY_LISTENER=http
RIG_GATEWAY_LISTENER_PORT=$LISTENER_PORT
RIG_ENVOY_STATS_URL=http://127.0.0.1:$PORT_ENVOY_STATS/stats/prometheus
RIG_DEMO_NAMESPACE=$DEMO_NAMESPACE
RIG_DEMO_HOST=$DEMO_HOST
RIG_DEMO_ROUTE=checkout
RIG_BACKEND_PORT=$BACKEND_PORT
RIG_STABLE_IP=$STABLE_IP
RIG_STABLE_VERSION=$STABLE_VERSION
RIG_STABLE_ADMIN_URL=http://$STABLE_IP:$BACKEND_ADMIN_PORT
RIG_CANARY_IP=$CANARY_IP
RIG_CANARY_VERSION=$CANARY_VERSION
RIG_CANARY_ADMIN_URL=http://$CANARY_IP:$BACKEND_ADMIN_PORT
RIG_KUBECTL=$KUBE_DIR/kubectl
RIG_FAKETIME=$FAKETIME_DIR/libfaketime.so.1
RIG_LOAD=$TRAFFIC_DIR/load
RIG_FIXTURE=$RIG/fixture
RIG_PART=$RIG/part
ENV
  mv "$RUN/env.new" "$RUN/env"
}
