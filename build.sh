#!/usr/bin/env bash
# One script for everything: ./build.sh help
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
artifacts=$root/artifacts
bin=$artifacts/bin
runtime=$artifacts/runtime
development=$artifacts/dev
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

usage() {
  cat <<'TEXT'
./build.sh VERB

  deps                       what the machine lacks: Debian packages, the ONNX Runtime library (digest-checked), a gRPC client for tests
  build                      compile everything for both frameworks, warnings are errors
  publish [--cpu baseline|native]
                             edged and edgectl as native executables in artifacts/bin
  run                        a signed digits model served in the foreground, from a scratch state directory
  demo                       the same in the background: ten held-out digits classified, checked, stopped
  test                       all tests, the end-to-end ones against the published executables (20 minutes at most)
  system                     the service unit on a booted Debian with systemd (root; installs systemd-container and debootstrap)
  soak [NAME] [ARGS...]      the long versions, hours of them; NAME is one fuzz target, campaigns (the tests that run scaled in 'test'), coverage (smoothing's error by trials), or all (default)
  bench [--check] [ARGS...]  side-by-side measurements; see tests/EdgeDaemon.Benchmarks/README.md
  clean                      remove everything that was built
  help                       this text

Environment: EDGE_TFM=net9.0|net10.0 forces the framework; EDGED_CONFORMANCE names the folder of conformance cases.
TEXT
}

# --- deps -----------------------------------------------------------------------------------------------------------

debian_packages() {
  local missing=()
  command -v gcc >/dev/null || command -v clang >/dev/null || missing+=(gcc libc6-dev)
  [ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
  command -v npm >/dev/null || missing+=(nodejs npm)
  command -v strace >/dev/null || missing+=(strace)
  command -v curl >/dev/null || missing+=(curl)
  command -v openssl >/dev/null || missing+=(openssl)
  [ -x /usr/bin/python3 ] || missing+=(python3)
  /usr/bin/python3 -c 'import cryptography' 2>/dev/null || missing+=(python3-cryptography)
  /usr/bin/python3 -c 'import numpy' 2>/dev/null || missing+=(python3-numpy)
  /usr/bin/python3 -c 'import grpc' 2>/dev/null || missing+=(python3-grpcio)
  /usr/bin/python3 -c 'import google.protobuf' 2>/dev/null || missing+=(python3-protobuf)
  /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null || missing+=(python3-prometheus-client)
  command -v protoc >/dev/null || missing+=(protobuf-compiler)
  command -v h2load >/dev/null || missing+=(nghttp2-client)
  /usr/bin/python3 -c 'import hpack' 2>/dev/null || missing+=(python3-h2)
  /usr/bin/python3 -c 'import onnx' 2>/dev/null || missing+=(python3-onnx)
  [ -x /usr/sbin/locale-gen ] || missing+=(locales)
  if [ ${#missing[@]} -ne 0 ]; then install_packages "${missing[@]}"; fi
  # StringNormalizer of ONNX Runtime insists on this locale, which a plain Debian lacks.
  locale -a 2>/dev/null | grep -qi '^en_US.utf-\?8$' || as_root localedef -i en_US -f UTF-8 en_US.UTF-8
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_packages() {
  say "installing $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

rid() {
  case "$(uname -m)" in
    x86_64) echo linux-x64 ;;
    aarch64) echo linux-arm64 ;;
    *) fail "no runtime identifier is known for $(uname -m)" ;;
  esac
}

# The digest that edged itself insists on is the single source: src/EdgeDaemon.Native/Onnx/OnnxLibraryPins.cs.
pinned_digest() {
  grep -A2 "\"$(rid)\"" src/EdgeDaemon.Native/Onnx/OnnxLibraryPins.cs | grep -oE '[0-9a-f]{64}' | head -n 1
}

onnx_runtime() {
  local library=$runtime/libonnxruntime.so.1 pinned
  pinned=$(pinned_digest)
  [ -n "$pinned" ] || fail "no pinned ONNX Runtime digest for $(rid)"
  if [ -f "$library" ] && echo "$pinned  $library" | sha256sum --check --status; then
    return
  fi
  say "fetching ONNX Runtime through packaging/runtime/package-lock.json"
  mkdir -p "$runtime"
  local work folder
  work=$(mktemp -d)
  # A failure leaves no 291 MB behind.
  npm_work=$work
  trap 'rm -rf "$npm_work"' EXIT
  cp packaging/runtime/package.json packaging/runtime/package-lock.json "$work/"
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --silent)
  folder=${EDGE_RID:-$(rid)}
  folder=$work/node_modules/onnxruntime-node/bin/napi-v6/linux/${folder#linux-}
  echo "$pinned  $folder/libonnxruntime.so.1" | sha256sum --check --status \
    || fail "the ONNX Runtime library that npm delivered is not the pinned one ($pinned)"
  install -m 0644 "$folder/libonnxruntime.so.1" "$library.new"
  mv "$library.new" "$library"
  rm -rf "$work"
  trap - EXIT
}

# The gRPC client of Node, for the end-to-end tests alone; without it they report themselves skipped.
grpc_js() {
  local source=tests/EdgeDaemon.EndToEnd/grpc folder=$artifacts/grpc-js
  if cmp -s "$source/package-lock.json" "$folder/package-lock.json" && [ -d "$folder/node_modules/@grpc/grpc-js" ]; then
    return
  fi
  say "fetching @grpc/grpc-js through $source/package-lock.json"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$source/package.json" "$source/package-lock.json" "$folder/"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --silent) || { rm -rf "$folder"; say "not fetched: the tests of Node's gRPC client will be skipped"; }
}

deps() {
  command -v dotnet >/dev/null || fail "the .NET SDK (10.0.100 or newer) is needed: install it, then run this again"
  debian_packages
  onnx_runtime
  grpc_js
}

# --- framework ------------------------------------------------------------------------------------------------------

# net10.0 is the target; where NuGet cannot restore its NativeAOT pack (asked once for each run), net9.0 ships.
# Sets tfm, and chosen: the same with its reason.
tfm= chosen=
framework() {
  [ -z "$tfm" ] || return 0
  local log=$artifacts/framework.log
  mkdir -p "$artifacts"
  if [ -n "${EDGE_TFM:-}" ]; then
    case "$EDGE_TFM" in net9.0|net10.0) ;; *) fail "EDGE_TFM is net9.0 or net10.0, not '$EDGE_TFM'" ;; esac
    tfm=$EDGE_TFM chosen="$EDGE_TFM (EDGE_TFM says so)"
  elif dotnet restore src/EdgeDaemon -p:EdgeTfm=net10.0 -p:EdgeAot=true -p:EdgeRid="${EDGE_RID:-$(rid)}" --nologo >"$log" 2>&1; then
    tfm=net10.0 chosen="net10.0"
  else
    tfm=net9.0 chosen="net9.0 (the NativeAOT pack of net10.0 did not restore: ${log#"$root"/} says why)"
  fi
}

# --- build, publish -------------------------------------------------------------------------------------------------

build() {
  deps
  framework
  step "build net9.0"
  dotnet build EdgeDaemon.sln -c Release -p:EdgeTfm=net9.0 --nologo -v quiet
  step "build net10.0"
  dotnet build EdgeDaemon.sln -c Release -p:EdgeTfm=net10.0 -p:EdgeAot="$([ "$tfm" = net10.0 ] && echo true)" --nologo -v quiet
}

publish() {
  local cpu=baseline
  while [ $# -gt 0 ]; do
    case "$1" in
      --cpu) cpu=${2:-}; shift 2 || fail "publish --cpu needs baseline or native" ;;
      *) fail "publish does not know '$1'" ;;
    esac
  done
  case "$cpu" in baseline|native) ;; *) fail "--cpu is baseline or native, not '$cpu'" ;; esac
  deps
  framework
  local linker
  linker=$(command -v clang || command -v gcc)
  step "publish for $chosen, cpu $cpu, linker $(basename "$linker")"
  local project
  for project in src/EdgeDaemon src/EdgeDaemon.Ctl; do
    dotnet publish "$project" -c Release -p:EdgeTfm="$tfm" -p:EdgeAot=true -p:EdgeCpu="$cpu" -p:EdgeRid="${EDGE_RID:-$(rid)}" \
      -p:CppCompilerAndLinker="$(basename "$linker")" --nologo -v quiet -o "$artifacts/publish/$(basename "$project")"
  done
  mkdir -p "$bin"
  # By rename: a running edged keeps its own file.
  local name
  for name in EdgeDaemon/edged EdgeDaemon.Ctl/edgectl; do
    cp "$artifacts/publish/$name" "$bin/.$(basename "$name")" && mv "$bin/.$(basename "$name")" "$bin/$(basename "$name")"
  done
  local file
  for file in edged edgectl; do
    say "$(printf '%-8s %6.2f MB  %s' "$file" "$(stat -c %s "$bin/$file" | awk '{print $1/1e6}')" "artifacts/bin/$file")"
  done
  laid_out
}

# Names change with the code, and the compiler passes over those that it does not know: said, before the order means nothing any more.
laid_out() {
  local order=src/EdgeDaemon/method-order.txt there all
  [ "$tfm" != net9.0 ] || return 0
  all=$(wc -l < "$order")
  there=$(nm --defined-only "$artifacts/publish/EdgeDaemon/edged.dbg" | awk '{print $3}' | grep -cxFf "$order" || true)
  if [ $((there * 10)) -lt $((all * 9)) ]; then
    say "only $there of the $all functions of $order exist: './build.sh bench --subjects order' writes it anew"
  fi
}

published() { [ -x "$bin/edged" ] && [ -x "$bin/edgectl" ] || publish; }

# --- run, demo ------------------------------------------------------------------------------------------------------

# A development key, a trust file that names it, and the two digits bundles signed with it.
development_state() {
  mkdir -p "$development/models"
  chmod 0700 "$development"
  if [ ! -f "$development/release.key" ]; then
    "$bin/edgectl" keygen --out "$development/release.key" --trust "$development/trust.toml" --name development --models '*'
  fi
  local bundle
  for bundle in digits-s25 digits-s50; do
    rm -rf "$development/models/$bundle"
    mkdir -p "$development/models/$bundle"
    cp -r "tests/models/digits/$bundle/content" "$development/models/$bundle/content"
    "$bin/edgectl" bundle sign "$development/models/$bundle" --key "$development/release.key" >/dev/null
  done
  cat > "$development/edged.toml" <<TOML
format = 1
state_dir = "$development"
trust = "$development/trust.toml"

[runtime]
library = "$runtime/libonnxruntime.so.1"

[[listen]]
name = "local"
unix = "$development/edged.sock"
mode = "0600"
exposes = ["inference"]

[[listen]]
name = "control"
unix = "$development/control.sock"
mode = "0600"
exposes = ["control"]
TOML
  # Whatever the umask is: edged refuses files that others could write.
  chmod go-w "$development/edged.toml" "$development/trust.toml"
  [ -f "$development/releases.toml" ] || "$bin/edged" init --config "$development/edged.toml"
}

run() {
  deps
  published
  development_state
  cat <<TEXT

Try in another terminal, in this folder:

  artifacts/bin/edgectl infer digits --socket artifacts/dev/edged.sock --image tests/models/digits/heldout.pgm --index 3
  artifacts/bin/edgectl model list --socket artifacts/dev/control.sock
  curl --unix-socket artifacts/dev/edged.sock http://edged/v2/models/digits

Ctrl-C stops it.

TEXT
  exec "$bin/edged" run --config "$development/edged.toml"
}

demo() {
  deps
  published
  development_state
  "$bin/edged" run --config "$development/edged.toml" 2> "$development/edged.log" &
  local daemon=$! waited=0 right=0 i
  trap 'kill "$daemon" 2>/dev/null || true' EXIT
  until curl -fs --unix-socket "$development/edged.sock" http://edged/v2/health/ready >/dev/null 2>&1; do
    kill -0 "$daemon" 2>/dev/null || { cat "$development/edged.log" >&2; fail "edged did not start"; }
    waited=$((waited + 1))
    [ "$waited" -lt 200 ] || fail "edged was not ready within 20 seconds; see $development/edged.log"
    sleep 0.1
  done
  say ""
  say "held-out digit   truth   answer"
  for i in 0 54 108 162 216 270 324 378 432 486; do
    local answer truth
    answer=$("$bin/edgectl" infer digits --socket "$development/edged.sock" --image tests/models/digits/heldout.pgm --index "$i")
    truth=$(/usr/bin/python3 tests/models/digits/labels_of.py "$i")
    printf '%15s   %-5s   %s\n' "#$i" "$truth" "$answer"
    [ "${answer%% *}" = "$truth" ] && right=$((right + 1))
  done
  say ""
  "$bin/edgectl" bundle verify "$development/models/digits-s25" --trust "$development/trust.toml"
  "$bin/edgectl" model list --socket "$development/control.sock"
  kill -TERM "$daemon"
  wait "$daemon" || fail "edged did not stop cleanly; see $development/edged.log"
  trap - EXIT
  say ""
  say "$right of 10 right; edged stopped cleanly"
  [ "$right" -ge 9 ] || fail "fewer than 9 of 10 digits were right"
}

# --- test, soak, bench ----------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0

# Runs one test program and adds its counts; a program that dies without a summary is a failure.
count_tests() {
  local log=$artifacts/test-$1.log status=0
  shift
  "$@" 2>&1 | tee "$log" | grep -vE '^\s*$' || true
  status=${PIPESTATUS[0]}
  local ok bad not
  ok=$(sed -nE 's/^ *succeeded: ([0-9]+).*/\1/p' "$log" | tail -n 1)
  bad=$(sed -nE 's/^ *failed: ([0-9]+).*/\1/p' "$log" | tail -n 1)
  not=$(sed -nE 's/^ *skipped: ([0-9]+).*/\1/p' "$log" | tail -n 1)
  if [ -z "$ok" ] || { [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; }; then
    bad=$(( ${bad:-0} + 1 ))
  fi
  passed=$((passed + ${ok:-0})) failed=$((failed + ${bad:-0})) skipped=$((skipped + ${not:-0}))
}

fuzz() { dotnet tests/EdgeDaemon.Fuzz/bin/"$tfm"/Release/"$tfm"/EdgeDaemon.Fuzz.dll "$@"; }

run_tests() {
  build
  publish
  export EDGED_BIN=$bin EDGED_ORT=$runtime/libonnxruntime.so.1 EDGED_CONFORMANCE=${EDGED_CONFORMANCE:-$root/../shared/conformance}
  step "unit tests"
  count_tests unit tests/EdgeDaemon.Tests/bin/"$tfm"/Release/"$tfm"/EdgeDaemon.Tests --no-progress --no-ansi
  step "end-to-end tests"
  count_tests end-to-end tests/EdgeDaemon.EndToEnd/bin/"$tfm"/Release/"$tfm"/EdgeDaemon.EndToEnd --no-progress --no-ansi
  step "service unit, as text"
  local counts
  tests/system/run.sh --static | tee "$artifacts/test-system.log" || true
  counts=$(tail -n 1 "$artifacts/test-system.log")
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
  else
    failed=$((failed + 1))
  fi
  step "fuzz, scaled"
  local target targets
  targets=$(fuzz names) # Its failure ends the run: a loop over nothing would count as clean.
  for target in $targets; do
    if fuzz "$target" --executions "${EDGED_FUZZ:-15000}"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
  step "demo"
  if (demo); then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  say ""
  say "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

# Not part of 'test': it needs root, namespaces, and two minutes for a root file system the first time.
system() {
  publish
  local missing=()
  command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  if [ ${#missing[@]} -ne 0 ]; then install_packages "${missing[@]}"; fi
  EDGED_BIN=$bin tests/system/run.sh
}

soak() {
  build
  local name=${1:-all}
  shift || true
  case $name in
    all)
      fuzz all --executions 2000000 "$@"
      soak_coverage
      soak_campaigns
      ;;
    campaigns) soak_campaigns "$@" ;;
    coverage) soak_coverage ;;
    *) fuzz "$name" --executions 2000000 "$@" ;;
  esac
}

soak_campaigns() {
  publish
  export EDGED_SOAK=1 EDGED_BIN=$bin EDGED_ORT=$runtime/libonnxruntime.so.1 EDGED_CONFORMANCE=${EDGED_CONFORMANCE:-$root/../shared/conformance}
  count_tests unit tests/EdgeDaemon.Tests/bin/"$tfm"/Release/"$tfm"/EdgeDaemon.Tests --no-progress --no-ansi --filter TestCategory=Campaign "$@"
  count_tests end-to-end tests/EdgeDaemon.EndToEnd/bin/"$tfm"/Release/"$tfm"/EdgeDaemon.EndToEnd --no-progress --no-ansi --filter TestCategory=Campaign "$@"
  say "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

soak_coverage() {
  EDGED_COVERAGE=${EDGED_COVERAGE:-200000} tests/EdgeDaemon.Tests/bin/"$tfm"/Release/"$tfm"/EdgeDaemon.Tests \
    --no-progress --no-ansi --output Detailed --filter "FullyQualifiedName~CoverageTests"
}

# The servers that edged is measured beside, as their communities write them. What cannot be built leaves its reason in NAME.missing.
bench_peers() {
  local out=$artifacts/bench peers=tests/EdgeDaemon.Benchmarks/Peers
  mkdir -p "$out/node"
  rm -f "$out"/*.missing
  cp "$peers/Node/server.js" "$out/node/"
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "node or npm is not installed" > "$out/node.missing"
    rm -rf "$out/node/node_modules"
  elif ! cmp -s packaging/runtime/package-lock.json "$out/node/package-lock.json" || [ ! -d "$out/node/node_modules/onnxruntime-node" ]; then
    say "fetching onnxruntime-node"
    cp packaging/runtime/package.json packaging/runtime/package-lock.json "$out/node/"
    (cd "$out/node" && npm ci --ignore-scripts --no-audit --no-fund --silent) \
      || { rm -rf "$out/node/node_modules"; echo "npm could not fetch onnxruntime-node" > "$out/node.missing"; }
  fi
  if ! command -v g++ >/dev/null || [ ! -e /usr/include/httplib.h ] || [ ! -e /usr/include/nlohmann/json.hpp ]; then
    echo "needs g++ and Debian's libcpp-httplib-dev and nlohmann-json3-dev" > "$out/httplib.missing"
    rm -f "$out/bench-httplib"
  elif [ "$peers/Cpp/http_server.cpp" -nt "$out/bench-httplib" ] || [ "$peers/Cpp/ort.hpp" -nt "$out/bench-httplib" ]; then
    g++ -std=c++17 -O2 -o "$out/bench-httplib" "$peers/Cpp/http_server.cpp" -lcpp-httplib -lpthread -ldl \
      || { rm -f "$out/bench-httplib"; echo "g++ could not build it" > "$out/httplib.missing"; }
  fi
  bench_grpc "$out" "$peers/Cpp"
}

# gRPC's C++ server, and the clients that it needs.
bench_grpc() {
  local out=$1 sources=$2
  if ! command -v g++ >/dev/null || ! command -v protoc >/dev/null || ! command -v grpc_cpp_plugin >/dev/null \
    || [ ! -e /usr/include/grpcpp/grpcpp.h ] || [ ! -e /usr/include/google/protobuf/port_def.inc ]; then
    echo "needs g++ and Debian's libgrpc++-dev, libprotobuf-dev, protobuf-compiler and protobuf-compiler-grpc" > "$out/grpc.missing"
    rm -f "$out/bench-grpc-server"
    return
  fi
  mkdir -p "$out/grpc"
  if ! protoc --cpp_out="$out/grpc" --grpc_out="$out/grpc" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" -I"$sources" infer.proto; then
    rm -f "$out/bench-grpc-server"
    echo "protoc could not make its messages" > "$out/grpc.missing"
    return
  fi
  if [ "$sources/grpc_server.cpp" -nt "$out/bench-grpc-server" ] || [ "$sources/ort.hpp" -nt "$out/bench-grpc-server" ]; then
    g++ -std=c++17 -O2 -I"$out/grpc" -I"$sources" -o "$out/bench-grpc-server" "$sources/grpc_server.cpp" "$out/grpc"/infer.pb.cc \
      "$out/grpc"/infer.grpc.pb.cc -Wl,--copy-dt-needed-entries -lgrpc++ -lgpr -lprotobuf -lpthread -ldl \
      || { rm -f "$out/bench-grpc-server"; echo "g++ could not build it" > "$out/grpc.missing"; }
  fi
}
bench() {
  build
  publish
  local contender
  for contender in Bare Load Json Client Noise; do
    dotnet publish "tests/EdgeDaemon.Benchmarks/$contender" -c Release -p:EdgeTfm="$tfm" -p:EdgeAot=true --nologo -v quiet -o "$artifacts/bench"
  done
  dotnet publish tests/EdgeDaemon.Benchmarks/Noise -c Release -p:EdgeTfm="$tfm" -p:EdgeAot=true -p:EdgeCpu=native --nologo -v quiet -o "$artifacts/bench/native"
  bench_peers
  dotnet tests/EdgeDaemon.Benchmarks/bin/"$tfm"/Release/"$tfm"/EdgeDaemon.Benchmarks.dll \
    --library "$runtime/libonnxruntime.so.1" --bin "$bin" --contenders "$artifacts/bench" \
    --conformance "${EDGED_CONFORMANCE:-$root/../shared/conformance}" "$@"
}

clean() {
  rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj tests/*/*/bin tests/*/*/obj
}

verb=${1:-help}
[ $# -gt 0 ] && shift
case "$verb" in
  deps|build|publish|run|demo|system|soak|bench|clean) "$verb" "$@" ;;
  test) run_tests "$@" ;;
  help|-h|--help) usage ;;
  *) usage >&2; fail "no verb '$verb'" ;;
esac
