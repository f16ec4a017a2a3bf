# The service's life as systemd sees it: readiness, sockets, environment, crash, stop. Sourced by run.sh.

show() { inside systemctl show -P "$1" edged.service; }
journal() { inside journalctl -u edged.service -o cat --no-pager -n "${1:-15}"; }

# drop_in LINES...: exactly these lines are added to [Service]; without any the unit is as installed.
drop_in() {
  inside rm -rf /etc/systemd/system/edged.service.d
  if [ $# -gt 0 ]; then
    { echo '[Service]'; printf '%s\n' "$@"; } | inside sh -c 'mkdir -p /etc/systemd/system/edged.service.d; cat > /etc/systemd/system/edged.service.d/test.conf'
  fi
  inside systemctl daemon-reload
  inside systemctl reset-failed edged.service 2>/dev/null || true
}

# start_with LINES...: the service, started anew with this drop-in.
start_with() { inside systemctl stop edged.service; drop_in "$@"; inside systemctl start edged.service; }

# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || return 1; sleep 0.1; done
}

state_is() { [ "$(show ActiveState)" = "$1" ]; }
another_pid_serves() { local pid; pid=$(show MainPID); [ "$pid" != 0 ] && [ "$pid" != "$1" ] && state_is active; }

check_readiness() {
  if ! inside systemctl start edged.service; then
    bad "starts" "systemctl start failed; the journal ends: $(journal | tail -n 5)"
    return 1
  fi
  same "systemctl start returns with the service active" active "$(show ActiveState)"
  same "READY came with a status line" "1 models serve, 0 refused" "$(show StatusText)"
  same "the first load was in a child, filtered under the unit as well" "filtered = true" \
    "$(inside sh -c 'grep -h ^filtered /var/lib/edged/probes/*.toml')"
  same "runs as its own user" "$(inside id -u edged)" "$(inside ps -o uid= -p "$(show MainPID)" | tr -d ' ')"

  # Without READY the same start must not succeed: active above means that READY was heard.
  refused "control: without READY the start fails" "systemctl start succeeded" \
    start_with UnsetEnvironment=NOTIFY_SOCKET TimeoutStartSec=4 Restart=no
  same "control: and it fails for want of READY" timeout "$(show Result)"
  start_with
}

check_sockets() {
  same "the inference socket is for the group" "srw-rw---- edged edged" "$(inside stat -c '%A %U %G' /run/edged/edged.sock)"
  same "the control socket is for the owner" "srw------- edged edged" "$(inside stat -c '%A %U %G' /run/edged/control.sock)"
  same "the state is the daemon's alone" "drwx------ edged edged" "$(inside stat -c '%A %U %G' /var/lib/edged)"
  same "the configuration is root's" "drwxr-x--- root edged" "$(inside stat -c '%A %U %G' /etc/edged)"
  if digit agent; then
    same "a member of the group gets the digit" zero "${edgectl_answer%% *}"
  else
    bad "a member of the group gets the digit" "$edgectl_answer"
  fi
  refused "control: another user gets none" "the stranger was served" digit stranger
  refused "a member of the group does not reach the control socket" "agent read the model list" \
    inside_as agent edgectl model list --socket /run/edged/control.sock
  holds "control: the owner does" "edged could not read the model list" \
    inside_as edged edgectl model list --socket /run/edged/control.sock
}

# told USER TEXT: what edgectl tells this user about the digit.
told() { digit "$1" || true; grep -q "$2" <<< "$edgectl_answer"; }

# Two users in the socket's group are two tenants; an account that is gone takes its rights with it, whoever gets its number.
check_tenants() {
  holds "one user is the tenant that has the model" "agent: $edgectl_answer" told agent zero
  holds "for another user, by the same socket, there is no such model" "viewer is not told so" told viewer 'model not found'
  inside useradd --groups edged nobodys
  holds "who has no tenant may nothing" "nobodys is not told so" told nobodys 'not permitted'

  local number
  number=$(inside id -u viewer)
  inside userdel viewer
  inside useradd --uid "$number" --groups edged newcomer
  holds "the next user of a removed account's number is a stranger" "newcomer is served as viewer was" until_true 10 told newcomer 'not permitted'
  holds "and the log says why" "nothing in the journal" grep -q "unix:viewer.*there is no user 'viewer'" <(journal 50)
  inside userdel newcomer
  inside useradd --uid "$number" --groups edged viewer
  holds "control: under the account's own name the same number is known" "viewer is a stranger" until_true 10 told viewer 'model not found'
}

variable_of() { inside cat "/proc/$1/environ" | tr '\0' '\n' | grep "^$2=" || true; }
core_limit_of() { inside awk '/Max core file size/ { print $5, $6 }' "/proc/$1/limits"; }

check_environment() {
  local pid
  pid=$(show MainPID)
  same "telemetry is off before the process begins" ORT_DISABLE_TELEMETRY=1 "$(variable_of "$pid" ORT_DISABLE_TELEMETRY)"
  same "core dumps are off" "0 0" "$(core_limit_of "$pid")"
  same "no diagnostics socket of the runtime" "" "$(inside find /proc/"$pid"/root/tmp /proc/"$pid"/root/var/tmp -name 'dotnet-diagnostic*')"
  same "no capability, no new privileges, filtered calls" "0000000000000000 1 2" \
    "$(inside awk '/^(CapBnd|NoNewPrivs|Seccomp):/ { v[$1] = $2 } END { print v["CapBnd:"], v["NoNewPrivs:"], v["Seccomp:"] }' "/proc/$pid/status")"
  same "nothing is mapped writable and executable" "" "$(inside awk '$2 ~ /w.*x/' "/proc/$pid/maps")"
  same "the daemon complains of nothing that it is refused" "" "$(journal 200 | grep -iE 'warn|denied|not permitted|cannot|error' || true)"

  start_with Environment= UnsetEnvironment=DOTNET_EnableDiagnostics LimitCORE=infinity
  pid=$(show MainPID)
  same "control: without Environment= telemetry is not off" "" "$(variable_of "$pid" ORT_DISABLE_TELEMETRY)"
  refused "control: without LimitCORE=0 the limit is another" "still 0" test "$(core_limit_of "$pid")" = "0 0"
  start_with
}

check_crash() {
  local round pid answered=0
  for round in 1 2 3; do
    pid=$(show MainPID)
    inside kill -KILL "$pid"
    until_true 20 another_pid_serves "$pid" || break
    if digit agent && [ "${edgectl_answer%% *}" = zero ]; then answered=$((answered + 1)); fi
  done
  same "three kills with -9, and each time it serves again" 3 "$answered"
  same "systemd counted three restarts" 3 "$(show NRestarts)"

  start_with Restart=no
  inside kill -KILL "$(show MainPID)"
  until_true 10 state_is failed || true
  same "control: with Restart=no it stays down" "failed signal" "$(show ActiveState) $(show Result)"
  start_with
}

log_has() { inside journalctl -u edged.service -o cat --no-pager | grep -q "$1"; }

# kill is outside of the sandbox, in which nothing but edged may be executed.
check_reload() {
  local pid
  pid=$(show MainPID)
  holds "systemctl reload reaches the daemon" "$(journal | tail -n 3)" inside systemctl reload edged.service
  holds "and it reads its files again" "$(journal | tail -n 3)" until_true 20 log_has "configuration reloaded: 1 models serve"
  same "it is the same process, and active" "$pid active" "$(show MainPID) $(show ActiveState)"
  same "READY ended the reload" "1 models serve, 0 refused" "$(show StatusText)"

  start_with ExecReload= "ExecReload=/bin/kill -HUP \$MAINPID"
  refused "control: a kill within the sandbox is not executed" "the reload succeeded" inside systemctl reload edged.service
  start_with
}

# A caller that has promised a body and does not send it.
hold_a_request() {
  inside_as agent perl -e '
    use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un("/run/edged/edged.sock")) or die "connect: $!";
    syswrite($s, "POST /v2/models/digits/infer HTTP/1.1\r\nHost: e\r\nContent-Length: 1000\r\n\r\n{"); $| = 1; print "sent\n"; sleep 60' \
    > "$work/held" 2>&1 &
  held=$!
  until_true 10 grep -q sent "$work/held"
}

check_stop() {
  local begin took
  begin=$(date +%s%N)
  inside systemctl stop edged.service
  took=$((($(date +%s%N) - begin) / 1000000))
  same "stops cleanly" "inactive success 0" "$(show ActiveState) $(show Result) $(show ExecMainStatus)"
  if [ "$took" -lt 5000 ]; then ok "idle, it stops in $took ms"; else bad "idle, it stops at once" "it took $took ms"; fi
  refused "its sockets are gone" "/run/edged/edged.sock is still there" inside test -e /run/edged/edged.sock

  # By kill and not by systemctl: it is STOPPING=1 alone that makes the unit leave 'active' while the process lives.
  inside systemctl start edged.service
  hold_a_request || { bad "a request can be held" "$(cat "$work/held")"; return; }
  inside kill -TERM "$(show MainPID)"
  until_true 5 state_is deactivating || true
  same "STOPPING is heard while a request is in flight" "deactivating finishing the requests in flight" "$(show ActiveState) $(show StatusText)"
  until_true 35 state_is inactive || true
  same "a caller that never finishes does not make the stop unclean" "inactive success 0" \
    "$(show ActiveState) $(show Result) $(show ExecMainStatus)"
  kill "$held" 2>/dev/null || true
  wait "$held" 2>/dev/null || true
}

# Systemd holds the sockets: a request starts the daemon, and one that comes while it is dead is answered by the next.
check_activation() {
  local round pid answered=0
  inside systemctl stop edged.service
  drop_in
  holds "its sockets open without it" "systemctl start of the sockets failed" inside systemctl start edged.socket edged-control.socket
  same "and it does not run yet" inactive "$(show ActiveState)"
  same "the inference socket is for the group" "srw-rw---- edged edged" "$(inside stat -c '%A %U %G' /run/edged/edged.sock)"
  digit agent || true
  same "the first request starts it" "zero active" "${edgectl_answer%% *} $(show ActiveState)"
  holds "the owner reaches the control socket" "edged could not read the model list" inside_as edged edgectl model list --socket /run/edged/control.sock
  refused "a member of the group does not" "agent read the model list" inside_as agent edgectl model list --socket /run/edged/control.sock
  for round in 1 2 3; do
    pid=$(show MainPID)
    inside kill -KILL "$pid"
    if digit agent && [ "${edgectl_answer%% *}" = zero ]; then answered=$((answered + 1)); fi
    until_true 20 another_pid_serves "$pid" || break
  done
  same "three kills with -9, and no request in between is lost" 3 "$answered"
  inside systemctl stop edged.service
  holds "the sockets outlive it" "edged.sock is gone" inside test -S /run/edged/edged.sock
  start_with UnsetEnvironment=LISTEN_FDNAMES Restart=no && bad "control: sockets without names stop the start" "it started" || ok "control: sockets without names stop the start"
  inside systemctl stop edged.socket edged-control.socket edged.service
  inside systemctl reset-failed
  start_with
}
