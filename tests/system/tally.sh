# What each check says, and the last line. Sourced by run.sh.

passed=0 failed=0 skipped=0

ok()      { passed=$((passed + 1));  printf 'ok       %s\n' "$1"; }
bad()     { failed=$((failed + 1));  printf 'FAILED   %s: %s\n' "$1" "$2"; }
skip()    { skipped=$((skipped + 1)); printf 'SKIPPED  %s: %s\n' "$1" "$2"; }

# same NAME EXPECTED ACTUAL
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "expected '$2', got '$3'"; fi; }

# holds NAME REASON COMMAND...: the command succeeds.
holds() { local name=$1 reason=$2; shift 2; if "$@" >/dev/null 2>&1; then ok "$name"; else bad "$name" "$reason"; fi; }

# refused NAME REASON COMMAND...: the command fails.
refused() { local name=$1 reason=$2; shift 2; if "$@" >/dev/null 2>&1; then bad "$name" "$reason"; else ok "$name"; fi; }

summary() {
  [ "$skipped" -eq 0 ] || printf '\n%s CHECKS DID NOT RUN HERE; the reasons stand above at SKIPPED.\n' "$skipped"
  printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
}
