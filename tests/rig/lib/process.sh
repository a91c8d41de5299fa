# Starts and ends processes, and never mistakes another process for its own. Sourced, never run.
# shellcheck shell=bash
#
# A process is known by its pid, the time it started (field 22 of /proc/PID/stat) and the boot it
# belongs to, written to $RUN/pids/NAME. A pid that the kernel gave to somebody else does not match.

start_time() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }" # the command, in brackets, may contain anything
  [[ ${fields[0]} != Z ]] || return 1
  echo "${fields[19]}"
}

identity() {
  local started
  started=$(start_time "$1") || return 1
  echo "$1 $started $(</proc/sys/kernel/random/boot_id)"
}

# parent_name prints what the parent of this shell is called now ($PPID keeps the first one).
parent_name() {
  local stat fields
  stat=$(</proc/$$/stat)
  read -ra fields <<<"${stat##*) }"
  cat "/proc/${fields[1]}/comm" 2>/dev/null || true
}

# pid_of NAME prints the pid of a running part; fails if it is not running.
pid_of() {
  local recorded pid
  recorded=$(cat "$RUN/pids/$1" 2>/dev/null) || return 1
  pid=${recorded%% *}
  [[ -n $pid && $(identity "$pid") == "$recorded" ]] || return 1
  echo "$pid"
}

running() { pid_of "$1" >/dev/null; }

# spawn NAME COMMAND... starts a process in a session of its own whose parent is init: Envoy ends
# itself when its parent ends, and all must outlive this script and its terminal.
spawn() {
  local name=$1
  shift
  mkdir -p "$RUN/pids" "$RUN/log"
  rm -f "$RUN/pids/$name"
  # shellcheck disable=SC2016 # expands in the inner shell, whose pid the command takes over
  setsid --fork bash -c '
    . "$1"; record=$2; shift 2
    while [[ $(parent_name) == setsid ]]; do sleep 0.01; done
    identity $$ >"$record.new" && mv "$record.new" "$record"
    cd / && exec "$@"' spawn "$RIG/lib/process.sh" "$RUN/pids/$name" "$@" \
    </dev/null >>"$RUN/log/$name.log" 2>&1 9>&-
  wait_until 10 "$name to start" test -s "$RUN/pids/$name"
}

# end NAME sends SIGTERM, SIGKILL if that does not help, and returns once the process is gone.
end() {
  local name=$1 pid
  if pid=$(pid_of "$name"); then
    kill -TERM "$pid" 2>/dev/null || true
    gone_within 20 "$name" || {
      say "rig: $name did not end by itself: SIGKILL"
      kill -KILL "$pid" 2>/dev/null || true
      gone_within 10 "$name" || die "$name (pid $pid) does not end"
    }
  fi
  rm -f "$RUN/pids/$name"
}

gone_within() {
  local deadline=$((SECONDS + $1)) name=$2
  while running "$name"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}
