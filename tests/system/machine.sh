# The Debian that is booted: its root file system, its start, commands in it, its end. Sourced by run.sh.

machine=edged-test-$$
container=                      # process id of systemd-nspawn
init=                           # process id of the container's first process

# Why this computer cannot boot a container, or nothing.
machine_impossible() {
  [ "$(id -u)" = 0 ] || { echo "not root"; return; }
  command -v systemd-nspawn >/dev/null || { echo "no systemd-nspawn (apt-get install systemd-container)"; return; }
  command -v debootstrap >/dev/null || [ -d "$rootfs" ] || { echo "no debootstrap (apt-get install debootstrap)"; return; }
  command -v gcc >/dev/null || { echo "no gcc (the probe is compiled)"; return; }
  [ -e /sys/fs/cgroup/cgroup.controllers ] || [ -e /sys/fs/cgroup/unified/cgroup.controllers ] \
    || { echo "no cgroup2 is mounted on /sys/fs/cgroup"; return; }
  unshare --mount --pid --net --ipc --uts --fork true 2>/dev/null || { echo "namespaces are refused here (unshare)"; return; }
}

# Once; kept in the cache folder, and never written to by a run. About 100 seconds and 280 MB.
make_rootfs() {
  [ -d "$rootfs" ] && return
  echo "making a Debian bookworm in $rootfs (once, two minutes)"
  rm -rf "$rootfs.new"
  mkdir -p "$(dirname "$rootfs")"
  debootstrap --variant=minbase --include=systemd-sysv,systemd,dbus,iproute2,procps,libssl3,libstdc++6 \
    bookworm "$rootfs.new" "${EDGED_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)}" >"$work/debootstrap.log" 2>&1 \
    || { tail -n 5 "$work/debootstrap.log"; rm -rf "$rootfs.new"; return 1; }
  printf '127.0.0.1 localhost\n' > "$rootfs.new/etc/hosts"
  : > "$rootfs.new/etc/machine-id"
  mv "$rootfs.new" "$rootfs"
}

# Runs a command as root in the container's namespaces and control group.
inside() {
  nsenter -t "$init" -m -u -i -n -p -C -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}

# The same as another user, who brings no groups but their own.
inside_as() { local user=$1; shift; inside setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"; }

children() { cat /proc/"$1"/task/"$1"/children 2>/dev/null; }

boot() {
  setsid timeout -k 5 "${EDGED_SYSTEM_SECONDS:-900}" "$here/launch.sh" "$machine" "$rootfs" "$stage" </dev/null >"$work/console.log" 2>&1 &
  guard=$!
  local i
  for i in $(seq 300); do
    kill -0 "$guard" 2>/dev/null || return 1
    container=$(children "$guard" | awk '{print $1}')
    [ -n "$container" ] && init=$(children "$container" | awk '{print $1}')
    if [ -n "$init" ]; then
      case "$(inside systemctl is-system-running 2>/dev/null || true)" in
        running|degraded) return 0 ;;
      esac
    fi
    sleep 0.2
  done
  return 1
}

power_off() {
  [ -n "${guard:-}" ] || return 0
  if [ -n "$init" ]; then inside systemctl poweroff >/dev/null 2>&1 || true; fi
  local i
  for i in $(seq 100); do kill -0 "$guard" 2>/dev/null || break; sleep 0.1; done
  kill -KILL "$container" 2>/dev/null || true
  wait "$guard" 2>/dev/null || true
  guard=
  local hierarchy
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [ ! -d "$hierarchy/$machine" ] || find "$hierarchy/$machine" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}
