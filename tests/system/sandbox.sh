# Does each restriction bite? The probe stands in for the daemon in three variants of a unit: Sourced by run.sh.
#   unit     the installed unit: the deed must be refused, with the errno that this restriction gives
#   without  the same unit without the one restriction: the deed must succeed, or the refusal had another cause
#   bare     nothing but the user: where even this fails, the container refuses it and the row proves nothing here

sandbox_calls='SystemCallFilter=;RestrictAddressFamilies=;RestrictNamespaces=no;RestrictRealtime=no;RestrictSUIDSGID=no;LockPersonality=no'
sandbox_calls+=';MemoryDenyWriteExecute=no;SystemCallArchitectures=;PrivateDevices=no;ProtectKernelTunables=no;ProtectKernelModules=no'
sandbox_calls+=';ProtectKernelLogs=no;ProtectClock=no;ProtectHostname=no'
sandbox_root='User=root;Group=root'

trim() { local text=$*; echo "${text}"; }

# probe_unit NUMBER VARIANT BASE WITHOUT DEED: writes one unit, or the drop-in of one.
probe_unit() {
  local name=edged-probe-$1-$2 base=$3 without=$4 deed=$5 folder=$stage/probes
  base=${base//\$CALLS/$sandbox_calls}
  base=${base//\$ROOT/$sandbox_root}
  mkdir -p "$folder/$name.service.d"
  if [ "$2" = bare ]; then
    printf '[Service]\nUser=edged\nGroup=edged\nWorkingDirectory=/var/lib/edged\n' > "$folder/$name.service"
  else
    cp "$root/systemd/edged.service" "$folder/$name.service"
  fi
  {
    printf '[Service]\nType=oneshot\nNotifyAccess=none\nRestart=no\nStandardOutput=truncate:/run/probes/%s\n' "$name"
    printf 'ExecStart=\nExecStart=/usr/bin/edged-probe %s\nExecPaths=/usr/bin/edged-probe /usr/bin/edged-probe-setuid\n' "$deed"
    tr ';' '\n' <<< "$base"
    [ "$2" != without ] || tr ';' '\n' <<< "$without"
  } > "$folder/$name.service.d/probe.conf"
}

answer_of() { head -n 1 "$work/answers/edged-probe-$1-$2" 2>/dev/null || true; }

judge_row() {
  local number=$1 name=$2 expected=$3 unit without bare
  unit=$(answer_of "$number" unit) without=$(answer_of "$number" without) bare=$(answer_of "$number" bare)
  if [ "$bare" != allowed ]; then
    skip "sandbox: $name" "the container itself refuses it (${bare:-no answer}); in the unit: ${unit:-no answer}"
  elif [ "$unit" != "$expected" ]; then
    bad "sandbox: $name" "expected '$expected' in the unit, got '${unit:-no answer}'"
  elif [ "$without" != allowed ]; then
    bad "sandbox: $name" "'$unit' in the unit, but without the restriction it is '${without:-no answer}', too"
  else
    ok "sandbox: $name: $unit; allowed without the restriction"
  fi
}

check_sandbox() {
  local number=0 name expected base without deed variant names=() answers=()
  inside systemctl stop edged.service
  inside systemd-run --quiet --unit=edged-probe-server /usr/bin/edged-probe listen 9119
  inside systemd-run --quiet --wait --unit=edged-probe-memory --uid=edged --property=RemainAfterExit=no /usr/bin/edged-probe make-shared-memory 91190
  while IFS='|' read -r name expected base without deed; do
    case "$name" in ''|'#'*) continue ;; esac
    number=$((number + 1))
    names+=("$(trim $name)") answers+=("$(trim $expected)")
    for variant in unit without bare; do
      probe_unit "$number" "$variant" "$(trim $base)" "$(trim $without)" "$(trim $deed)"
    done
  done < "$here/sandbox.table"

  # One after the other: the units share the daemon's directories, and systemd removes /run/edged after each.
  inside sh -eu -c 'mkdir -p /run/probes; cp -r /mnt/stage/probes/. /run/systemd/system/; systemctl daemon-reload
    for unit in /mnt/stage/probes/*.service; do
      rm -f /var/lib/edged/probe-file /usr/open-to-all/file; rmdir /sys/fs/cgroup/probe 2>/dev/null || true
      systemctl start "$(basename "$unit")" || true
    done' > "$work/probes.log" 2>&1 || { bad "sandbox" "the probes did not run: $(tail -n 3 "$work/probes.log")"; return; }
  inside tar -C /run/probes -cf - . | { mkdir -p "$work/answers"; tar -C "$work/answers" -xf -; }
  for ((number = 1; number <= ${#names[@]}; number++)); do
    judge_row "$number" "${names[number - 1]}" "${answers[number - 1]}"
  done

  inside rm -f /var/lib/edged/probe-file
  inside sh -c 'rm -r /run/systemd/system/edged-probe-*'
  inside systemctl daemon-reload
  check_state_is_writable
}

# The other side of ProtectSystem=: what is the daemon's own it can write, and under all of the above it still serves.
check_state_is_writable() {
  inside systemctl start edged.service
  if digit agent; then same "under all of this it still serves" zero "${edgectl_answer%% *}"; else bad "under all of this it still serves" "$edgectl_answer"; fi
  holds "and its release history was written by it" "no releases.toml of user edged" \
    inside sh -c '[ "$(stat -c %U /var/lib/edged/releases.toml)" = edged ]'
  # Why RestrictSUIDSGID=no is bearable (see the unit): a setuid file of the daemon's cannot be reached, or is not honoured.
  refused "others do not enter the state" "the stranger can look into /var/lib/edged" inside_as stranger ls /var/lib/edged
  holds "control: they do enter /run/edged" "nor into /run/edged" inside_as stranger ls /run/edged
  holds "but setuid files count for nothing there" "/run is not nosuid" inside sh -c 'findmnt -no OPTIONS -T /run/edged | grep -qw nosuid'
}
