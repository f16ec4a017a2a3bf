# The unit as text: does systemd understand every line, and how exposed does it call the service? No running systemd is needed,
# so ./build.sh test does this part as well. Sourced by run.sh.

# systemd-analyze of Debian 12 says 1.0 (of 10; lower is better). A change of the unit that raises it fails here; one that
# lowers it should lower this number, too.
exposure_ceiling=1.0

# verify looks for what ExecStart= names: the copy names what was published.
check_exposure() {
  local folder=$work/units unit score
  if ! command -v systemd-analyze >/dev/null; then
    skip "unit file" "no systemd-analyze (apt-get install systemd)"
    return
  fi
  mkdir -p "$folder"
  unit=$folder/edged.service
  sed "s|^ExecStart=/usr/bin/edged|ExecStart=$bin/edged|; /^Documentation=/d" "$root/systemd/edged.service" > "$unit"
  same "systemd-analyze verify finds nothing" "" "$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1)"
  sed 's/^PrivateTmp=yes/PrivateTmpp=yes/' "$unit" > "$folder/control.service"
  holds "control: a misspelt directive is found" "verify is blind" \
    sh -c "systemd-analyze verify --man=no --recursive-errors=no '$folder/control.service' 2>&1 | grep -q PrivateTmpp"

  score=$(systemd-analyze security --offline=true --no-pager "$unit" | sed -nE 's/.*Overall exposure level[^:]*: ([0-9.]+) .*/\1/p')
  if awk -v score="$score" -v ceiling="$exposure_ceiling" 'BEGIN { exit !(score != "" && score <= ceiling) }'; then
    ok "exposure $score of 10 is not above $exposure_ceiling"
  else
    bad "exposure" "systemd-analyze security says '$score', above $exposure_ceiling"
  fi
  grep -v '^NoNewPrivileges\|^Protect\|^Private\|^Restrict' "$unit" > "$folder/control.service"
  score=$(systemd-analyze security --offline=true --no-pager "$folder/control.service" | sed -nE 's/.*Overall exposure level[^:]*: ([0-9.]+) .*/\1/p')
  holds "control: without Protect, Private and Restrict lines it is $score" "the score does not depend on them" \
    awk -v score="$score" -v ceiling="$exposure_ceiling" 'BEGIN { exit !(score > ceiling) }'
}
