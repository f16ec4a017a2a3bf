# Puts onto the machine what a package would: programs, library, unit, configuration, trust, a signed bundle, users. Sourced by run.sh.

# On this computer: everything that the machine needs, in one folder that it sees read-only.
prepare_stage() {
  mkdir -p "$stage/models/digits-s25"
  cp "$bin/edged" "$bin/edgectl" "$runtime/libonnxruntime.so.1" "$root"/systemd/edged*.s* "$root/packaging/edged.toml" \
    "$root/tests/models/digits/heldout.pgm" "$stage/"
  gcc -O1 -Wall -Wextra -Werror -static -o "$stage/edged-probe" "$here/probe.c"
  "$bin/edgectl" keygen --out "$work/release.key" --trust "$stage/trust.toml" --name system-test --models '*' >/dev/null
  cp -r "$root/tests/models/digits/digits-s25/content" "$stage/models/digits-s25/content"
  "$bin/edgectl" bundle sign "$stage/models/digits-s25" --key "$work/release.key" >/dev/null
}

# agent, viewer: reach the inference socket, each another tenant. stranger: does not reach it. The witnesses and /usr/open-to-all are what the probes reach for.
install_inside() {
  inside sh -eu <<'SH'
useradd --system --user-group --home-dir /var/lib/edged --no-create-home --shell /usr/sbin/nologin edged
useradd --groups edged agent
useradd --groups edged viewer
useradd stranger
cd /mnt/stage
install -m 0755 edged edgectl edged-probe /usr/bin/
install -m 4755 edged-probe /usr/bin/edged-probe-setuid
install -D -m 0644 libonnxruntime.so.1 /usr/lib/edged/libonnxruntime.so.1
install -m 0644 edged.service edged.socket edged-control.socket /etc/systemd/system/
install -d -m 0750 -o root -g edged /etc/edged
install -m 0640 -o root -g edged edged.toml trust.toml /etc/edged/
cat >> /etc/edged/edged.toml <<'TENANTS'

[[tenant]]
name = "agents"
callers = ["unix:agent"]
roles = ["infer"]
models = ["digits"]

[[tenant]]
name = "viewers"
callers = ["unix:viewer"]
roles = ["infer"]
models = ["another"]
TENANTS
install -m 0644 heldout.pgm /usr/share/heldout.pgm
install -d -m 0700 -o edged -g edged /var/lib/edged
cd /
setpriv --reuid edged --regid edged --clear-groups -- edged init --config /etc/edged/edged.toml
cp -r /mnt/stage/models /var/lib/edged/
chown -R edged:edged /var/lib/edged/models
chmod -R go= /var/lib/edged/models

mkdir /usr/open-to-all
chmod 1777 /usr/open-to-all
mkdir -p /usr/lib/modules
echo witness > /tmp/witness
chmod 0666 /tmp/witness
mknod -m 0666 /dev/edged-witness c 10 200
ip link set lo up
systemctl daemon-reload
SH
}

# What a user is told about the first held-out digit, in edgectl_answer.
digit() { edgectl_answer=$(inside_as "$1" edgectl infer digits --socket /run/edged/edged.sock --image /usr/share/heldout.pgm --index 0 2>&1); }
