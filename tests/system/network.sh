# The door to the network on a real systemd: the port opened by edged-tls.socket with the sandbox as it is, and by the daemon itself with edged-network.conf. Sourced by run.sh.

# fleet ADDRESS: what a camera of the fleet is told about the first held-out digit, in edgectl_answer.
fleet() {
  edgectl_answer=$(inside timeout 10 edgectl infer digits --address "https://$1:8443" --tls-ca /srv/pki/ca/root.pem --tls-cert /srv/pki/camera.pem --tls-key /srv/pki/camera.key \
    --image /usr/share/heldout.pgm --index 0 2>&1)
}

fleet_digit() { fleet "$1" && [ "${edgectl_answer%% *}" = zero ]; }

network_of() { inside readlink "/proc/$1/ns/net"; }

# Certificates as the README makes them, a listener whose key is a credential, and a tenant for the camera.
install_network() {
  inside sh -eu <<'SH'
mkdir -p -m 0700 /srv/pki
cd /srv/pki
edgectl pki init ca --name 'System test'
edgectl pki issue ca --use server --name edge --san dns:localhost --san ip:127.0.0.1 --san ip:192.0.2.1 --out edge
edgectl pki issue ca --use client --name camera --san uri:spiffe://example.com/camera --out camera
install -d -m 0750 -o root -g edged /etc/edged/tls
install -m 0600 edge.key edge.pem /etc/edged/tls/
install -m 0640 -g edged ca/root.pem /etc/edged/tls/clients.pem
cp -p /etc/edged/edged.toml /srv/edged.toml.before
cat >> /etc/edged/edged.toml <<'LISTEN'

[[listen]]
name = "fleet"
tcp = "[::]:8443"
certificate = "credential:edged-tls-certificate"
key = "credential:edged-tls-key"
client_roots = "/etc/edged/tls/clients.pem"
exposes = ["inference"]

[[tenant]]
name = "cameras"
callers = ["cert:spiffe://example.com/camera"]
roles = ["infer"]
models = ["digits"]
LISTEN
install -m 0644 /mnt/stage/edged-tls.socket /etc/systemd/system/
ip address add 192.0.2.1/32 dev lo
systemctl daemon-reload
SH
}

network_credentials='LoadCredential=edged-tls-certificate:/etc/edged/tls/edge.pem
LoadCredential=edged-tls-key:/etc/edged/tls/edge.key'

check_network() {
  local pid
  inside systemctl stop edged.service
  if ! install_network >"$work/network.log" 2>&1; then
    bad "network: is set up" "$(tail -n 3 "$work/network.log")"
    return
  fi

  drop_in "$network_credentials"
  holds "network: systemd opens the port before the service runs" "systemctl start edged-tls.socket failed" inside systemctl start edged-tls.socket
  same "network: the service does not run yet" inactive "$(show ActiveState)"
  if fleet_digit localhost; then ok "network: the first request starts it, and is answered over TLS"; else bad "network: the first request starts it" "$edgectl_answer; $(journal 5)"; fi
  pid=$(show MainPID)
  same "network: the key was a credential" 1 "$(inside sh -c "ls /run/credentials/edged.service | grep -c edged-tls-key")"
  if [ "$(network_of "$pid")" != "$(network_of 1)" ]; then ok "network: the process has no network of its own all the same"; else bad "network: the process has no network of its own" "PrivateNetwork does not hold"; fi
  refused "network: without a certificate of the fleet nobody is answered" "a caller without a certificate was served" \
    inside timeout 10 edgectl infer digits --address https://localhost:8443 --tls-ca /srv/pki/ca/root.pem --image /usr/share/heldout.pgm --index 0
  inside kill -KILL "$pid"
  if fleet_digit 127.0.0.1; then ok "network: the port outlives a kill -9, and the next request is answered"; else bad "network: the port outlives a kill -9" "$edgectl_answer"; fi
  inside systemctl stop edged-tls.socket edged.service
  inside systemctl reset-failed

  # The daemon opens the port: without the drop-in it has no network to open it in.
  refused "network: without edged-network.conf the daemon cannot open a port" "it serves" serves_itself "$network_credentials"
  if serves_itself "$network_credentials" "$(grep -v '^#\|^\[' "$root/systemd/edged-network.conf")"; then
    ok "network: with edged-network.conf it opens the port itself"
  else
    bad "network: with edged-network.conf it opens the port itself" "$edgectl_answer; $(journal 5)"
  fi

  # 192.0.2.1 is this machine as well, and in no network that the drop-in lets through.
  refused "network: others than IPAddressAllow's are not let through" "192.0.2.1 was served" fleet_digit 192.0.2.1
  serves_itself "$network_credentials" "$(grep -v '^#\|^\[' "$root/systemd/edged-network.conf")" IPAddressAllow=192.0.2.1 || true
  if fleet_digit 192.0.2.1; then ok "control: with its network in the list it is"; else bad "control: with its network in the list it is" "$edgectl_answer"; fi

  inside sh -c 'mv /srv/edged.toml.before /etc/edged/edged.toml; rm -f /etc/systemd/system/edged-tls.socket; ip address del 192.0.2.1/32 dev lo'
  start_with
}

# serves_itself LINES...: started with this drop-in and no socket unit, it answers the fleet.
serves_itself() {
  start_with Restart=no "$@" >/dev/null 2>&1 && fleet_digit 127.0.0.1
}
