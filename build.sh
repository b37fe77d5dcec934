#!/usr/bin/env bash
# The one entry point: run it alone to see what it can do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Versions that are pinned here; those of crates and npm packages stand in Cargo.lock and tests/package-lock.json.
TOOLCHAIN=1.95.0
WASM_PACK_VERSION=0.15.1
GECKODRIVER_VERSION=0.37.1
CARGO_DENY_VERSION=0.20.2
# wasm-bindgen's tools have to be of the same version as the crate.
WASM_BINDGEN_VERSION=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)

TARGET=wasm32-unknown-unknown
WRAPPERS=$PWD/.cargo/toolchain
NODE_BIN=tests/node_modules/.bin
DEBIAN_RUST="rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy lld-22"

usage() {
  cat <<'EOF'
usage: ./build.sh VERB

  serve [PORT]   build, and serve the page on this machine (port 8080 if free)
  test [--all-browsers [--write]]
                 run every check and test: format, lints, docs, native, wasm in a headless
                 browser with threads and without, and the page itself, ten minutes on two
                 cores. In Chromium, or in Firefox and WebKitGTK too, twenty minutes; those
                 that cannot be installed are left out and named. --write puts the tables of
                 engines and faults into www/README.md
  check          what answers soon: format, lints, docs, tests of the tools
  build          build the page's wasm into www/pkg/
  site           build, and write what a static host needs: target/site/, www/ without
                 the comments of its JavaScript
  package        build, and make the npm package: target/package/, with types, and its
                 archive in target/
  bench [--rounds N] [--write]
                 measure kernels and decoding in a browser, beside other engines (npm)
                 and what is native on this machine; --write puts the tables into
                 tests/bench/README.md. Needs a Python with PyTorch to write the files: $PYTHON, or python3
  bench loading [--write]
                 the same of loading full-size models, against a stand-in for the Hub
  bench gate [--write]
                 what the embedded model's DeleteGate saves; --write puts the table into its card
  soak           run for long, a quarter of an hour: 100,000 bytes written and 10 MB scored, models
                 loaded and given up, a monkey at the page. Short versions are in test
  audit          ask for known faults of all crates and npm packages (needs the network), and
                 check licences, sources and double crates; compiles cargo-deny once
  screenshots    take the README's screenshots from the running page
  setup [--all-browsers]
                 install what is missing; every other verb does so first
  clean          remove what was built; the tools of setup stay

After setup everything works offline, and `wasm-pack test --headless --chrome`,
typed alone, is a demo: it generates text with the embedded model.
EOF
}

BOLD=
PLAIN=
if [ -t 1 ]; then
  BOLD=$'\033[1m'
  PLAIN=$'\033[0m'
fi
say() { printf '\n%s==> %s%s\n' "$BOLD" "$*" "$PLAIN"; }
fail() { printf '\nerror: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- setup --------------------------------------------------------------------------------------

# What build and serve need.
setup_build() {
  have rustup || fail "rustup, which manages Rust toolchains, is missing: install it from https://rustup.rs and run this again."
  if ! have npm || ! node -e 'const [major, minor] = process.versions.node.split("."); if (major * 100 + +minor < 2019) process.exit(1)'; then
    fail "Node.js 20.19 or newer with npm is missing: install it and run this again."
  fi
  export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  setup_rust
  setup_crates
  setup_node
  setup_bindgen
}

# What the tests need on top.
setup_tests() {
  setup_lints
  setup_tool wasm-bindgen-cli wasm-bindgen "$WASM_BINDGEN_VERSION" "whose runner starts the wasm tests"
  setup_tool wasm-pack wasm-pack "$WASM_PACK_VERSION" "which runs the wasm tests in a browser"
  setup_browser
  if [ -n "$ALL_BROWSERS" ]; then setup_engines; fi
}

# One toolchain for all. Threads in wasm need a std that is compiled with atomics: cargo compiles it from source,
# which rustup has. Where rustup cannot get the source, Debian's compiler and source serve for wasm.
# $CPU1_WEB_TOOLCHAIN (debian or rustup) overrules this.
setup_rust() {
  local sysroot web=${CPU1_WEB_TOOLCHAIN-}
  if ! rustup run "$TOOLCHAIN" rustc --version >/dev/null 2>&1; then
    say "Installing Rust $TOOLCHAIN (rustup, about 20 s)"
    bounded 900 rustup toolchain install "$TOOLCHAIN" --profile minimal --no-self-update ||
      fail "rustup could not install Rust $TOOLCHAIN."
  fi
  sysroot=$(rustup run "$TOOLCHAIN" rustc --print sysroot)
  case "$web" in
    debian | rustup) ;;
    "") if ! has_source "$sysroot" && debian_is_complete; then web=debian; fi ;;
    *) fail "CPU1_WEB_TOOLCHAIN is '$web': expected debian, rustup or nothing." ;;
  esac
  if [ "$web" != debian ] && ! has_source "$sysroot"; then
    say "Installing the source of Rust's std (rustup, some seconds), to compile it with threads"
    if ! bounded 900 rustup component add rust-src --toolchain "$TOOLCHAIN"; then
      [ -z "$web" ] || fail "rustup could not install rust-src of Rust $TOOLCHAIN."
      web=debian
    fi
  fi
  if [ "$web" = debian ]; then
    debian_is_complete || install_debian || fail "apt could not install $DEBIAN_RUST, which compile threaded wasm."
    write_wrappers /usr
  else
    write_wrappers "$sysroot"
  fi
}

# Where the source of std lies in sysroot $1.
source_in() { echo "$1/lib/rustlib/src/rust/library"; }
has_source() { [ -f "$(source_in "$1")/std/Cargo.toml" ]; }

# Whether Debian's compiler is there, no older than ours.
debian_is_complete() {
  local version
  { [ -x /usr/bin/cargo ] && [ -x /usr/bin/rust-lld ] && has_source /usr && version=$(/usr/bin/rustc --version); } || return 1
  [ "$(expr "$version" : 'rustc 1\.\([0-9]*\)')" -ge "$(expr "$TOOLCHAIN" : '1\.\([0-9]*\)')" ]
}

install_debian() {
  have apt-get || return 1
  say "Installing $DEBIAN_RUST (apt, about a minute), to compile threaded wasm"
  # shellcheck disable=SC2086 # a list of packages
  apt_install $DEBIAN_RUST && debian_is_complete
}

# Runs a command for so many seconds at most, where the machine has the means.
bounded() {
  local seconds=$1
  shift
  if have timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

apt_install() {
  local sudo=
  if [ "$(id -u)" != 0 ]; then
    have sudo || fail "installing $* needs root: run 'apt-get install $*' as root, then this again."
    sudo=sudo
  fi
  $sudo apt-get update -q && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# Makes .cargo/toolchain: thin wrappers around the compiler with sysroot $1. With rust-toolchain.toml, `cargo` and
# `wasm-pack` typed in this folder use them: for wasm, std is compiled along; native commands go on to the one
# toolchain. Both are git-ignored: they hold paths of this machine.
write_wrappers() {
  local sysroot=$1 bin=$1/bin lib=$WRAPPERS/lib/rustlib part tool
  if [ "$(readlink "$lib/src")" = "$sysroot/lib/rustlib/src" ] && [ rust-toolchain.toml -nt build.sh ]; then return; fi
  rm -rf "$WRAPPERS"
  mkdir -p "$WRAPPERS/bin" "$lib/$TARGET/lib" # wasm-pack looks for a folder of the target
  for part in "$sysroot"/lib/rustlib/*; do
    if [ -d "$part" ] && [ "$(basename "$part")" != "$TARGET" ]; then ln -s "$part" "$lib/"; fi
  done
  for tool in rustc rustdoc; do
    printf '#!/bin/sh\nexec "%s" --sysroot "%s" "$@"\n' "$bin/$tool" "$WRAPPERS" > "$WRAPPERS/bin/$tool"
  done
  printf '#!/bin/sh\nSYSROOT="%s" exec "%s" "$@"\n' "$WRAPPERS" "$bin/cargo-clippy" > "$WRAPPERS/bin/cargo-clippy"
  # Cargo compiles std only for those who ask for unstable features, hence RUSTC_BOOTSTRAP.
  cat > "$WRAPPERS/bin/cargo" <<EOF
#!/bin/sh
case " \$* \${CARGO_BUILD_TARGET-} " in
  *$TARGET*)
    export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort RUSTC="$WRAPPERS/bin/rustc" RUSTDOC="$WRAPPERS/bin/rustdoc"
    exec "$bin/cargo" "\$@" ;;
  *) exec rustup run $TOOLCHAIN cargo "\$@" ;;
esac
EOF
  chmod +x "$WRAPPERS/bin"/*
  printf '[toolchain]\npath = "%s"\n' "$WRAPPERS" > rust-toolchain.toml
}

setup_lints() {
  if ! rustup run "$TOOLCHAIN" cargo-fmt --version >/dev/null 2>&1 || ! rustup run "$TOOLCHAIN" cargo-clippy --version >/dev/null 2>&1; then
    say "Installing rustfmt and clippy (rustup, some seconds)"
    bounded 900 rustup component add rustfmt clippy --toolchain "$TOOLCHAIN" ||
      fail "rustup could not install rustfmt and clippy of Rust $TOOLCHAIN."
  fi
}

# Compiles program $2 of crate $1 in version $3, unless it is there; $4 says what it is for. Unoptimised, which takes
# a third of the time: they wait for browsers most of it.
setup_tool() {
  if "$2" --version 2>/dev/null | grep -qxF "$2 $3"; then return; fi
  say "Installing $2 $3 (cargo, about a minute), $4"
  local install="rustup run $TOOLCHAIN cargo install --force --config profile.release.opt-level=0 $1@$3"
  if ! $install --locked; then
    say "A crate that $1 is locked to is not to be had: taking the newest that fit"
    $install || fail "cargo could not install $1 $3."
  fi
}

# The crates of the program, of the tool below, and of std.
setup_crates() {
  fetch Cargo.toml
  fetch tests/tools/bindgen/Cargo.toml
  fetch "$(source_in "$WRAPPERS")/Cargo.toml" --target "$TARGET"
}

fetch() {
  local fetch="cargo +$TOOLCHAIN fetch --locked --manifest-path"
  if ! RUSTC_BOOTSTRAP=1 $fetch "$@" --offline >/dev/null 2>&1; then
    say "Downloading the crates of $1 (some seconds)"
    RUSTC_BOOTSTRAP=1 $fetch "$@"
  fi
}

# The tool that writes the JavaScript side of the wasm file.
setup_bindgen() {
  local build="cargo_native build --locked --manifest-path tests/tools/bindgen/Cargo.toml --target-dir target/tools"
  if [ ! -x target/tools/debug/bindgen ]; then say "Compiling tests/tools/bindgen, which writes the JavaScript side of the wasm file (about 20 s)"; fi
  $build --quiet
}

setup_node() {
  local installed=tests/node_modules/.installed-lock.json
  if ! cmp -s tests/package-lock.json "$installed"; then
    say "Installing the packages of tests/package-lock.json (npm, about 10 s): wasm-opt, the linter, the type checker, the browsers' drivers, axe-core"
    npm ci --prefix tests --no-audit --no-fund
    cp tests/package-lock.json "$installed"
  fi
}

# The tests need Chrome or Chromium, and the driver that belongs to it. Without a driver wasm-pack
# downloads one that fits Chrome.
setup_browser() {
  if ! find_browser; then
    if have apt-get; then
      say "Installing chromium and chromium-driver (apt), to test in"
      apt_install chromium chromium-driver
    fi
    find_browser || fail "no Chrome or Chromium was found: install one, or set CHROMIUM to its path."
  fi
  if ! find_driver && [ "$(basename "$CHROMIUM")" = chromium ] && have apt-get; then
    say "Installing chromium-driver (apt), through which the wasm tests reach the browser"
    apt_install chromium-driver
  fi
}

find_browser() {
  local name
  for name in "${CHROMIUM-}" chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
    if [ -n "$name" ] && have "$name"; then
      CHROMIUM=$(command -v "$name")
      export CHROMIUM
      return
    fi
  done
  return 1
}

find_driver() { have chromedriver || [ -x "${CHROMEDRIVER-}" ]; }

# The other engines to test in. Without the network, or on a system that is not like Debian, those that are not there
# are left out. In subshells, as `fail` ends the shell that it is in.
setup_engines() {
  if ! (setup_firefox); then leave_out "Firefox" "firefox or firefox-esr, and geckodriver, have to be on PATH"; fi
  if ! (setup_webkit); then leave_out "WebKitGTK" "WebKitWebDriver, Xvfb and xauth have to be on PATH"; fi
}

setup_firefox() {
  if ! find_firefox && have apt-get; then
    say "Installing firefox-esr (apt), to test in"
    apt_install firefox-esr || true
  fi
  find_firefox || return 1
  have geckodriver || setup_tool geckodriver geckodriver "$GECKODRIVER_VERSION" "through which the tests reach Firefox"
}

setup_webkit() {
  if ! find_webkit && have apt-get; then
    say "Installing webkit2gtk-driver, xvfb and xauth (apt), to test in"
    apt_install webkit2gtk-driver xvfb xauth || true
  fi
  find_webkit
}

find_firefox() {
  FIREFOX=$(command -v "${FIREFOX:-firefox}" || command -v firefox-esr) && export FIREFOX
}

find_webkit() { have WebKitWebDriver && have Xvfb && have xauth; }

# What cannot be tested in, and why: said at the end.
LEFT_OUT=
leave_out() { LEFT_OUT="$LEFT_OUT$1: $2"$'\n'; }
say_left_out() { if [ -n "$LEFT_OUT" ]; then printf '\nleft out, as it is not on this machine:\n%s' "$LEFT_OUT"; fi; }

# --- build and serve ----------------------------------------------------------------------------

# cargo, native and for wasm. Setup ran, so both work offline.
cargo_native() { CARGO_NET_OFFLINE=true cargo "+$TOOLCHAIN" "$@"; }
cargo_web() { CARGO_NET_OFFLINE=true CARGO_BUILD_TARGET=$TARGET "$WRAPPERS/bin/cargo" "$@"; }

# Two wasm files behind the same JavaScript, one for engines with relaxed SIMD and one for the others; and two lists: of
# the modules that index.html fetches at once, and of the page's files, which is its version. While one wasm file is
# optimised the other is compiled.
build() {
  local made=target/pkg out=www/pkg relaxed file
  say "Building $out/ (the first time about a minute and a half)"
  compile relaxed --features relaxed-simd
  optimise relaxed &
  relaxed=$!
  compile plain
  optimise plain
  wait "$relaxed"
  cmp "$made/relaxed/web/cpu1.js" "$made/plain/web/cpu1.js" || fail "the two wasm files need different JavaScript."
  mkdir -p "$out"
  cp "$made/relaxed/cpu1.wasm" "$out/cpu1_relaxed.wasm"
  cp "$made/plain/cpu1.wasm" "$out/cpu1_bg.wasm"
  # The threads are started by www/worker/team.js.
  sed "s|'\./snippets/wasm-bindgen-rayon-[^']*'|'../worker/team.js'|" "$made/plain/web/cpu1.js" > "$out/cpu1.js"
  if grep -q snippets "$out/cpu1.js"; then fail "wasm-bindgen-rayon's start of threads is not where it was in pkg/cpu1.js."; fi
  cp "$made/plain/web"/*.d.ts "$out/"
  node tests/tools/modules.mjs
  node tests/tools/files.mjs
  for file in "$out"/*.wasm; do echo "$file: $(wc -c < "$file" | tr -d ' ') bytes, $(gzip -9c "$file" | wc -c | tr -d ' ') gzipped"; done
}

# Compiles variant $1, with these options of cargo. What a visitor downloads is to be small: std is compiled along, for
# size; a panic, which only a defect of ours can cause, stops the program at once instead of describing itself (tests
# keep the description); and of calls only those are inlined that save code or are marked as worth it, of loops only
# those unrolled whose length is known.
compile() {
  local folder=target/pkg/$1
  shift
  # Cargo keeps one wasm file under one name, so it would compile each variant anew after the other.
  if [ -z "$(find src Cargo.toml Cargo.lock .cargo/config.toml build.sh tests/tools/bindgen -newer "$folder/cpu1.wasm" 2>&1)" ]; then return; fi
  local flags="'-Zunstable-options', '-Cpanic=immediate-abort', '-Zlocation-detail=none'"
  flags="$flags, '-Cllvm-args=-inline-threshold=5 -inlinehint-threshold=5'"
  flags="$flags, '-Cllvm-args=-unroll-runtime=false -unroll-allow-partial=false -unroll-allow-peeling=false'"
  rm -rf "$folder"
  mkdir -p "$folder"
  cargo_web build --locked --release --lib -Zbuild-std-features=optimize_for_size --config "target.$TARGET.rustflags=[$flags]" "$@"
  cp "target/$TARGET/release/cpu1.wasm" "$folder/compiled.wasm"
}

# Makes of a variant that was just compiled what browsers load.
optimise() {
  local folder=target/pkg/$1
  if [ -e "$folder/cpu1.wasm" ]; then return; fi
  target/tools/debug/bindgen "$folder/compiled.wasm" "$folder/web"
  "$NODE_BIN/wasm-opt" -O3 --converge --strip-debug --enable-threads --enable-simd --enable-relaxed-simd --enable-bulk-memory \
    --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-reference-types \
    --enable-multivalue "$folder/web/cpu1_bg.wasm" -o "$folder/optimised.wasm"
  mv "$folder/optimised.wasm" "$folder/cpu1.wasm"
}

serve() {
  if [ $# -gt 0 ]; then exec node tests/tools/serve.mjs --port "$1"; else exec node tests/tools/serve.mjs; fi
}

# The engines beside ours; without the network those that are not there are left out.
setup_peers() {
  local installed=tests/bench/node_modules/.installed-lock.json
  if ! cmp -s tests/bench/package-lock.json "$installed"; then
    say "Installing the packages of tests/bench/package-lock.json (npm): the engines to measure beside ours"
    if npm ci --prefix tests/bench --no-audit --no-fund --ignore-scripts; then cp tests/bench/package-lock.json "$installed"; fi
  fi
}

# Measurements are for an idle machine: nothing else is built or tested meanwhile.
bench() {
  if [ "${1-}" = loading ]; then
    local write=
    [ "${2-}" != --write ] || write=1
    WRITE=$write node --test --test-reporter spec tests/bench/loading.mjs
  elif [ "${1-}" = gate ]; then
    node tests/bench/gate.mjs "${@:2}"
  else
    setup_peers
    node tests/bench/run.mjs "$@"
  fi
}

# --- test ---------------------------------------------------------------------------------------

# The checks that have ended: how, after how many seconds, and which.
CHECKS=
# The process group of the checks that run beside others.
LANE=

begin_checks() {
  CHECKS=$(mktemp -d)
  trap end_checks EXIT
}
end_checks() {
  if [ -n "$LANE" ]; then kill -- "-$LANE" 2>/dev/null || true; fi
  rm -rf "$CHECKS"
}

# Runs one check by name and goes on, whatever comes of it: one run shows all that is wrong. What it prints comes when
# it has ended, in one piece, as two run at a time.
check() {
  local name=$1 began=$SECONDS status=0 word=ok log
  shift
  log=$(mktemp "$CHECKS/log.XXXXXX")
  set +e # not `if "$@"`, in which a function would not stop at its first error
  (set -e; "$@") > "$log" 2>&1
  status=$?
  set -e
  [ $status = 0 ] || word=FAILED
  printf '%s\t%s\t%s\n' "$word" $((SECONDS - began)) "$name" >> "$CHECKS/ended"
  printf '%s: %s (%s s)\n' "$word" "$name" $((SECONDS - began)) >> "$log"
  cat <(say "$name") "$log"
}

# Runs a function of checks beside what comes after.
beside() {
  set -m # a process group of its own, which can be ended
  "$@" &
  LANE=$!
  set +m
}

lint_wasm() {
  cargo_web clippy --locked --lib --tests -- -D warnings
  cargo_web clippy --locked --lib --tests --features relaxed-simd -- -D warnings
}
docs() { RUSTDOCFLAGS="-D warnings" cargo_native doc --locked --no-deps; }
lint_javascript() { "$NODE_BIN/eslint" --config tests/eslint.config.js --max-warnings 0 www tests; }
node_tests() { node --test --test-reporter spec "$@"; }
page_tests() {
  rm -rf target/faults
  node_tests --test-concurrency=2 tests/e2e/*.test.mjs
}
faults_table() { node tests/e2e/support/faults.mjs $WRITE; }

# What people do with the page, in real engines by their names.
journeys() {
  rm -rf target/engines
  ENGINES="$*" node_tests tests/e2e/engines/*.test.mjs
}
engines_table() { node tests/e2e/engines/table.mjs $WRITE; }

wasm_tests() {
  local mode=normal # may download a driver, the first time
  if find_driver; then mode=no-install; fi
  CARGO_NET_OFFLINE=true wasm-pack test --headless --chrome --mode $mode "$@"
}
wasm_tests_relaxed() { wasm_tests --features relaxed-simd; }
wasm_tests_without_threads() { WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION=1 wasm_tests; }
wasm_tests_firefox() {
  local settings=$PWD/target/webdriver.firefox.json
  printf '{"moz:firefoxOptions": {"binary": "%s"}}\n' "$FIREFOX" > "$settings"
  WASM_BINDGEN_TEST_WEBDRIVER_JSON=$settings CARGO_NET_OFFLINE=true wasm-pack test --headless --firefox --mode no-install
}
# Safari's driver and WebKitGTK's are started and asked alike.
wasm_tests_webkit() {
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1 CARGO_NET_OFFLINE=true xvfb-run --auto-servernum \
    wasm-pack test --headless --safari --safaridriver "$(command -v WebKitWebDriver)" --mode no-install
}

type_check() {
  local world
  for world in tsconfig.page tsconfig.worker tsconfig; do "$NODE_BIN/tsc" -p "tests/$world.json"; done
}

# The engines whose journeys are tested. In the browsers beside Chromium the wasm tests run, too.
ENGINES=
find_engines() {
  if find_driver; then ENGINES=chromium; else leave_out "journeys in Chromium" "chromedriver has to be on PATH"; fi
  if [ -z "$ALL_BROWSERS" ]; then return; fi
  if find_firefox && have geckodriver; then ENGINES="$ENGINES firefox"; fi
  if find_webkit; then ENGINES="$ENGINES webkit"; fi
}

# The world that writes the tales, and its judge: the standard library is enough.
find_python() { have "${PYTHON:-python3}" && "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }
world_tests() { (cd tests/reference && "${PYTHON:-python3}" -m unittest world.test_world world.test_judge); }

# The world's tables on little text; tests/reference/world/README.md has them on much. The last two fail if a bar is missed.
world_tables() {
  (cd tests/reference && local python="${PYTHON:-python3}" && "$python" -m world --seed 1 --bytes 200k >/dev/null &&
    "$python" -m world.varied --bytes 1M --fresh 50k --most .18 && "$python" -m world.judge --calibrate --tales 12)
}

# What deny.toml says, as far as no network is needed.
check_crates() { cargo-deny --offline --locked check licenses bans sources; }

soak() {
  begin_checks
  export CPU1_SOAK=1
  check "native, for long, and optimised code writes the same bytes" cargo_native test --locked --release --test soak --test digests
  check "unoptimised code writes the same bytes" cargo_native test --locked --test digests --config profile.dev.opt-level=0 --target-dir target/unoptimised
  check "in a browser, for long" node_tests tests/e2e/soak.test.mjs
  tell_checks
}

audit() {
  begin_checks
  check "crates: licences, sources, doubles" check_crates
  check "crates: known faults" cargo-deny --locked check advisories
  local folder
  for folder in tests tests/bench www/examples/vite; do
    check "$folder: known faults" npm audit --package-lock-only --prefix "$folder"
  done
  tell_checks
}

# What answers soon.
quick_checks() {
  check "format" cargo_native fmt --check
  check "eslint" lint_javascript
  check "tests of tools" node_tests tests/tools/*.test.mjs
  check "clippy, native" cargo_native clippy --locked --all-targets -- -D warnings
  check "rustdoc" docs
  # Compiling it takes longer than all other tools together; tests/tools/dependencies.test.mjs has the most of it.
  if have cargo-deny; then check "cargo deny" check_crates; fi
}

crate_checks() {
  quick_checks
  if find_python; then
    check "tests of the world of tales" world_tests
    check "tables of the world of tales" world_tables
  else leave_out "tests of the world of tales" "Python 3.11 or newer has to be on PATH"
  fi
  check "clippy, wasm" lint_wasm
  check "native tests" cargo_native test --locked
  check "wasm tests with threads" wasm_tests
  check "wasm tests without threads" wasm_tests_without_threads
  check "wasm tests with relaxed SIMD" wasm_tests_relaxed
  case "$ENGINES" in *firefox*) check "wasm tests in Firefox" wasm_tests_firefox ;; esac
  case "$ENGINES" in *webkit*) check "wasm tests in WebKitGTK" wasm_tests_webkit ;; esac
}

page_checks() {
  check "types of the JavaScript" type_check
  check "page tests" page_tests
  check "table of faults" faults_table
  if [ -z "$ENGINES" ]; then return; fi
  # shellcheck disable=SC2086 # a list of names
  check "journeys in $ENGINES" journeys $ENGINES
  check "table of engines" engines_table
}

test_all() {
  begin_checks
  find_engines
  check "the page's wasm" build
  beside page_checks
  crate_checks
  wait "$LANE"
  tell_checks
}

tell_checks() {
  say "What took how long"
  sort -t "$(printf '\t')" -k 2 -rn "$CHECKS/ended" | awk -F '\t' '{ printf "%5d s  %s\n", $2, $3 }'
  sed -n 's/^FAILED\t[0-9]*\t/failed: /p' "$CHECKS/ended"
  say_left_out
  awk -F '\t' '{ all[$1] += 1 } END { printf "\n%d passed, %d failed\n", all["ok"], all["FAILED"] }' "$CHECKS/ended"
  ! grep -q ^FAILED "$CHECKS/ended"
}

# ------------------------------------------------------------------------------------------------

verb=${1-}
[ $# -eq 0 ] || shift
ALL_BROWSERS=
WRITE=
if [ "$verb" = test ] || [ "$verb" = setup ]; then
  for option in "$@"; do
    case "$verb $option" in
      *" --all-browsers") ALL_BROWSERS=1 ;;
      "test --write") WRITE=--write ;;
      *) usage >&2; fail "'$verb' takes no '$option'." ;;
    esac
  done
  if [ -n "$WRITE" ] && [ -z "$ALL_BROWSERS" ]; then fail "--write needs --all-browsers, as the table is of them all."; fi
fi
# Not `setup_build && build`, in which a function would not stop at its first error.
case "$verb" in
  setup) setup_build; setup_tests; say "Everything is set up"; say_left_out ;;
  build) setup_build; build ;;
  serve) setup_build; build; serve "$@" ;;
  check) setup_build; setup_lints; begin_checks; quick_checks; tell_checks ;;
  test) setup_build; setup_tests; test_all ;;
  bench) setup_build; setup_tests; build; bench "$@" ;;
  soak) setup_build; setup_tests; build; soak ;;
  audit) setup_build; setup_tool cargo-deny cargo-deny "$CARGO_DENY_VERSION" "which judges dependencies"; audit ;;
  package) setup_build; build; node tests/tools/package.mjs ;;
  site) setup_build; build; node tests/tools/publish.mjs target/site ;;
  screenshots) setup_build; setup_tests; build; node --test --test-reporter spec tests/tools/screenshots.mjs ;;
  clean) rm -rf target www/pkg ;;
  "" | help | -h | --help) usage ;;
  *) usage >&2; fail "there is no verb '$verb'." ;;
esac
