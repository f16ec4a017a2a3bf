#!/bin/bash
# Becomes the container. Its own control group first: nspawn would leave directories of its own in the roots of the hierarchies.
# A script, not a function: in a subshell $$ is the parent's id, and the wrong process would move.
set -euo pipefail
name=$1 rootfs=$2 stage=$3
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  hierarchies=(/sys/fs/cgroup)
else
  hierarchies=(/sys/fs/cgroup/unified /sys/fs/cgroup/systemd)
fi
for hierarchy in "${hierarchies[@]}"; do
  [ -d "$hierarchy" ] || continue
  mkdir -p "$hierarchy/$name"
  echo $$ > "$hierarchy/$name/cgroup.procs"
done
# Capabilities and calls of BPF: without them IPAddressDeny= and DevicePolicy= are silently absent.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --quiet --boot -M "$name" -D "$rootfs" --volatile=overlay --register=no --keep-unit --private-network \
  --bind-ro="$stage:/mnt/stage" --capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON --system-call-filter="bpf perf_event_open"
