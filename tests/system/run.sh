#!/usr/bin/env bash
# The service unit on a real systemd: see README.md. Called by ./build.sh system (all) and ./build.sh test (--static).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${EDGED_BIN:-$root/artifacts/bin}
runtime=$root/artifacts/runtime
rootfs=${EDGED_ROOTFS:-$root/artifacts/system/bookworm}
mkdir -p "$root/artifacts/system"
work=$(mktemp -d "$root/artifacts/system/run.XXXXXX")
stage=$work/stage
mkdir -p "$stage"

for part in tally exposure machine install service network sandbox; do . "$here/$part.sh"; done

finish() {
  power_off
  if [ "$failed" -eq 0 ]; then rm -rf "$work"; else echo "what was left: $work"; fi
}
trap finish EXIT

echo "-- the unit as text"
check_exposure
if [ "${1:-}" = --static ]; then
  summary && exit 0 || exit 1
fi

echo "-- a Debian with systemd"
reason=$(machine_impossible)
if [ -n "$reason" ]; then
  skip "everything that needs a running systemd" "$reason"
  summary && exit 0 || exit 1
fi
make_rootfs || { bad "root file system" "debootstrap failed"; summary || exit 1; }
prepare_stage
if ! boot; then
  bad "boots" "the container's console ends: $(tail -n 3 "$work/console.log")"
  summary || exit 1
fi
ok "$(inside systemctl --version | head -n 1) is the first process"
same "no unit failed at boot" "" "$(inside systemctl --failed --no-legend --plain)"
install_inside || { bad "installs" "see above"; summary || exit 1; }
same "systemd-analyze verify finds nothing in the installed unit" "" \
  "$(inside env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no edged.service 2>&1 | grep -i edged || true)"

echo "-- readiness";    check_readiness || { summary; exit 1; }
echo "-- sockets";      check_sockets
echo "-- environment";  check_environment
echo "-- tenants";      check_tenants
echo "-- reload";       check_reload
echo "-- crash";        check_crash
echo "-- stop";         check_stop
echo "-- activation";   check_activation
echo "-- network";      check_network
echo "-- sandbox";      check_sandbox
summary && exit 0 || exit 1
