#!/usr/bin/env bash
# The one entry point: run it alone to see what it can do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Versions that are pinned here; those of crates and npm packages stand in Cargo.lock and
# tests/package-lock.json.
NATIVE_TOOLCHAIN=1.95.0
WEB_TOOLCHAIN=nightly-2026-05-20
WASM_PACK_VERSION=0.15.1
GECKODRIVER_VERSION=0.37.1
CARGO_DENY_VERSION=0.20.2
# wasm-bindgen's command line has to be of the same version as the crate.
WASM_BINDGEN_VERSION=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)

TARGET=wasm32-unknown-unknown
TOOLCHAIN=$PWD/.cargo/toolchain
NODE_BIN=tests/node_modules/.bin
DEBIAN_RUST="rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy lld-22"

usage() {
  cat <<'EOF'
usage: ./build.sh VERB

  serve [PORT]   build, and serve the page on this machine (port 8080 if free)
  test [--all-browsers [--write]]
                 run every check and test: format, lints, docs, native, wasm in a
                 headless browser with threads and without, and the page itself. In
                 Chromium, or in Firefox and WebKitGTK too, of which those that cannot
                 be installed are left out and named; --write puts the table of engines
                 into the README
  build          build the page's wasm into www/pkg/
  site           build, and write what a static host needs: target/site/, www/ without
                 the comments of its JavaScript
  package        build, and make the npm package: target/package/, with types, and its
                 archive in target/
  bench [--rounds N] [--write]
                 measure kernels and decoding in a browser, beside other engines (npm)
                 and what is native on this machine; --write puts the tables into the
                 README. Needs a Python with PyTorch to write the files: $PYTHON, or python3
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
  setup_native
  setup_web
  setup_tool wasm-bindgen-cli wasm-bindgen "$WASM_BINDGEN_VERSION" "which writes the JavaScript side of the wasm file"
  setup_crates
  setup_node
}

# What the tests need on top.
setup_tests() {
  setup_tool wasm-pack wasm-pack "$WASM_PACK_VERSION" "which runs the wasm tests in a browser"
  setup_browser
  if [ -n "$ALL_BROWSERS" ]; then setup_engines; fi
}

# The toolchain of everything but wasm: formatting, lints, documentation, native tests.
setup_native() {
  if ! native_is_complete; then
    say "Installing Rust $NATIVE_TOOLCHAIN with rustfmt and clippy (rustup), for native builds and lints"
    bounded 900 rustup toolchain install "$NATIVE_TOOLCHAIN" --profile minimal --component rustfmt --component clippy --no-self-update ||
      fail "rustup could not install Rust $NATIVE_TOOLCHAIN with rustfmt and clippy."
  fi
}

native_is_complete() {
  rustup run "$NATIVE_TOOLCHAIN" cargo fmt --version >/dev/null 2>&1 &&
    rustup run "$NATIVE_TOOLCHAIN" cargo clippy --version >/dev/null 2>&1
}

# The toolchain of wasm. Threads need a std of their own, compiled with atomics, hence a compiler that
# comes with std's source: Debian's where it is installed, else rustup's nightly, else Debian's
# installed now. $CPU1_WEB_TOOLCHAIN (debian or rustup) overrules this.
setup_web() {
  case "${CPU1_WEB_TOOLCHAIN-}" in
    debian) debian_is_complete || install_debian || fail "apt could not install $DEBIAN_RUST." ;;
    rustup) nightly_is_complete || install_nightly || fail "rustup could not install $WEB_TOOLCHAIN with rust-src." ;;
    "") debian_is_complete || nightly_is_complete || install_nightly || install_debian ||
      fail "threaded wasm needs the source of Rust's std: neither rustup ($WEB_TOOLCHAIN with rust-src) nor apt ($DEBIAN_RUST) could install it." ;;
    *) fail "CPU1_WEB_TOOLCHAIN is '$CPU1_WEB_TOOLCHAIN': expected debian, rustup or nothing." ;;
  esac
  if [ "${CPU1_WEB_TOOLCHAIN-}" != rustup ] && debian_is_complete; then
    link_web_toolchain /usr/bin
  else
    link_web_toolchain "$(dirname "$(rustup which --toolchain "$WEB_TOOLCHAIN" rustc)")"
  fi
}

debian_is_complete() {
  local tool
  for tool in rustc cargo clippy-driver rust-lld; do [ -x "/usr/bin/$tool" ] || return 1; done
  [ -f /usr/lib/rustlib/src/rust/library/std/Cargo.toml ] && is_new_enough "$(/usr/bin/rustc --version)"
}

# Whether `rustc 1.N…` is at least the rust-version of Cargo.toml.
is_new_enough() {
  local minor
  minor=$(expr "$1" : 'rustc 1\.\([0-9]*\)')
  [ "$minor" -ge "$(sed -n 's/^rust-version = "1\.\([0-9]*\)".*/\1/p' Cargo.toml)" ]
}

install_debian() {
  have apt-get || return 1
  say "Installing $DEBIAN_RUST (apt), to compile threaded wasm"
  # shellcheck disable=SC2086 # a list of packages
  apt_install $DEBIAN_RUST && debian_is_complete
}

nightly_is_complete() {
  rustup run "$WEB_TOOLCHAIN" cargo clippy --version >/dev/null 2>&1 &&
    [ -d "$(rustup run "$WEB_TOOLCHAIN" rustc --print sysroot)/lib/rustlib/src/rust/library" ]
}

install_nightly() {
  say "Installing Rust $WEB_TOOLCHAIN with std's source (rustup), to compile threaded wasm"
  bounded 900 rustup toolchain install "$WEB_TOOLCHAIN" --profile minimal --component clippy --component rust-src --no-self-update
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

# Makes .cargo/toolchain: thin wrappers around the tools in folder $1, and a std for threads. With
# rust-toolchain.toml, `cargo` and `wasm-pack` typed in this folder use it for wasm; native commands
# go on to the native toolchain. Both are git-ignored: they hold paths of this machine.
link_web_toolchain() {
  local bin=$1 host lib=$TOOLCHAIN/lib/rustlib
  host=$("$bin/rustc" -vV | sed -n 's/^host: //p')
  mkdir -p "$TOOLCHAIN/bin" "$lib/$TARGET/lib"
  ln -sfn "$("$bin/rustc" --print sysroot)/lib/rustlib/$host" "$lib/$host"
  ln -sfn "$("$bin/rustc" --print sysroot)/lib/rustlib/src" "$lib/src"

  local tool
  for tool in rustc rustdoc; do
    write_program "$TOOLCHAIN/bin/$tool" <<EOF
#!/bin/sh
RUSTC_BOOTSTRAP=1 exec "$bin/$tool" --sysroot "$TOOLCHAIN" "\$@"
EOF
  done
  # `cargo` asks for cfgs of unstable target features (atomics), hence RUSTC_BOOTSTRAP.
  write_program "$TOOLCHAIN/bin/cargo" <<EOF
#!/bin/sh
case " \$* \${CARGO_BUILD_TARGET-} " in
  *$TARGET*) RUSTC_BOOTSTRAP=1 RUSTC="$TOOLCHAIN/bin/rustc" RUSTDOC="$TOOLCHAIN/bin/rustdoc" exec "$bin/cargo" "\$@" ;;
  *) exec rustup run $NATIVE_TOOLCHAIN cargo "\$@" ;;
esac
EOF
  write_program "$TOOLCHAIN/bin/cargo-clippy" <<EOF
#!/bin/sh
SYSROOT="$TOOLCHAIN" exec "$bin/cargo-clippy" "\$@"
EOF
  printf '[toolchain]\npath = "%s"\n' "$TOOLCHAIN" > rust-toolchain.toml

  local stamp
  stamp="$("$bin/rustc" -vV; cat .cargo/config.toml)"
  if [ "$(cat "$lib/$TARGET/stamp" 2>/dev/null)" != "$stamp" ]; then
    build_std "$bin"
    printf '%s\n' "$stamp" > "$lib/$TARGET/stamp"
  fi
}

# Writes standard input to file $1, executable; leaves an equal one alone, as cargo looks at its date.
write_program() {
  local text
  text=$(cat)
  if [ "$(cat "$1" 2>/dev/null)" != "$text" ]; then printf '%s\n' "$text" > "$1"; fi
  chmod +x "$1"
}

# Compiles std once with the flags of .cargo/config.toml (cargo finds them from any folder below) and
# keeps its libraries; -Cembed-bitcode lets them take part in link-time optimisation.
build_std() {
  local bin=$1 folder=target/web-std libraries=$TOOLCHAIN/lib/rustlib/$TARGET/lib
  say "Compiling Rust's std with threads for wasm (once, about a minute)"
  rm -rf "$folder" "$libraries" "target/$TARGET"
  mkdir -p "$folder/src" "$libraries"
  printf '#![no_std]\n' > "$folder/src/lib.rs"
  cat > "$folder/Cargo.toml" <<'EOF'
[package]
name = "web-std"
version = "0.0.0"
edition = "2024"

[workspace]

[profile.release]
opt-level = 3
EOF
  (
    cd "$folder"
    RUSTC_BOOTSTRAP=1 RUSTC=$bin/rustc "$bin/cargo" build --release --target $TARGET --target-dir target \
      -Zbuild-std=panic_abort,std,test \
      --config "target.$TARGET.rustflags=['-Cembed-bitcode=yes', '-Zforce-unstable-if-unmarked']"
  )
  rm -f "$folder/target/$TARGET/release/deps"/libweb_std-*
  cp "$folder/target/$TARGET/release/deps"/*.rlib "$libraries/"
  rm -rf "$folder"
}

# Compiles program $2 of crate $1 in version $3, unless it is there; $4 says what it is for.
setup_tool() {
  if "$2" --version 2>/dev/null | grep -qxF "$2 $3"; then return; fi
  say "Installing $2 $3 (cargo, some minutes), $4"
  if ! cargo "+$NATIVE_TOOLCHAIN" install --force --locked "$1@$3"; then
    say "A crate that $1 is locked to is not to be had: taking the newest that fit"
    cargo "+$NATIVE_TOOLCHAIN" install --force "$1@$3" || fail "cargo could not install $1 $3."
  fi
}

setup_crates() {
  if ! cargo "+$NATIVE_TOOLCHAIN" fetch --locked --offline >/dev/null 2>&1; then
    say "Downloading the crates of Cargo.lock"
    cargo "+$NATIVE_TOOLCHAIN" fetch --locked
  fi
}

setup_node() {
  local installed=tests/node_modules/.installed-lock.json
  if ! cmp -s tests/package-lock.json "$installed"; then
    say "Installing the packages of tests/package-lock.json (npm): wasm-opt, the linter, the type checker, the browsers' drivers, axe-core"
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

# The other engines to test in. Without the network, or on another system than Debian and its kin, those that
# are not there are left out. In subshells, as to fail here is no end.
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
cargo_native() { CARGO_NET_OFFLINE=true cargo "+$NATIVE_TOOLCHAIN" "$@"; }
cargo_web() { CARGO_NET_OFFLINE=true CARGO_BUILD_TARGET=$TARGET cargo "$@"; }

# Two wasm files behind the same JavaScript: one for engines with relaxed SIMD, one for the others; and two lists: of
# the modules that index.html fetches at once, and of the page's files, which is its version.
build() {
  local out=www/pkg
  say "Building $out/"
  rm -rf "$out"
  build_variant "$out/cpu1_relaxed.wasm" --features relaxed-simd
  build_variant "$out/cpu1_bg.wasm"
  node tests/tools/modules.mjs
  node tests/tools/files.mjs
}

# Builds one wasm file, with these options of cargo. What a visitor downloads is to be small: std is
# compiled along, for size; a panic, which only a defect of ours can cause, stops the program at once
# instead of describing itself (tests keep the description); and of calls only those are inlined that
# save code or are marked as worth it, of loops only those unrolled whose length is known.
build_variant() {
  local file=$1 folder
  folder=$(dirname "$file")
  shift
  local flags="'-Zunstable-options', '-Cpanic=immediate-abort', '-Zlocation-detail=none'"
  flags="$flags, '-Cllvm-args=-inline-threshold=5 -inlinehint-threshold=5'"
  flags="$flags, '-Cllvm-args=-unroll-runtime=false -unroll-allow-partial=false -unroll-allow-peeling=false'"
  cargo_web build --locked --release --lib -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size \
    --config "target.$TARGET.rustflags=[$flags]" "$@"
  mkdir -p "$folder/new"
  wasm-bindgen --target web --out-dir "$folder/new" --remove-name-section --remove-producers-section \
    "target/$TARGET/release/cpu1.wasm"
  # The threads are started by www/worker/team.js.
  sed "s|'\./snippets/wasm-bindgen-rayon-[^']*'|'../worker/team.js'|" "$folder/new/cpu1.js" > "$folder/new/cpu1.mended.js"
  mv "$folder/new/cpu1.mended.js" "$folder/new/cpu1.js"
  rm -r "$folder/new/snippets"
  if grep -q snippets "$folder/new/cpu1.js"; then fail "wasm-bindgen-rayon's start of threads is not where it was in pkg/cpu1.js."; fi
  "$NODE_BIN/wasm-opt" -O3 --converge --strip-debug --enable-threads --enable-simd --enable-relaxed-simd --enable-bulk-memory \
    --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-reference-types \
    --enable-multivalue "$folder/new/cpu1_bg.wasm" -o "$file"
  rm "$folder/new/cpu1_bg.wasm"
  if [ -e "$folder/cpu1.js" ]; then
    cmp "$folder/cpu1.js" "$folder/new/cpu1.js" || fail "the two wasm files need different JavaScript."
    rm -r "$folder/new"
  else
    mv "$folder/new"/* "$folder/"
    rmdir "$folder/new"
  fi
  echo "$file: $(wc -c < "$file" | tr -d ' ') bytes, $(gzip -9c "$file" | wc -c | tr -d ' ') gzipped"
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

PASSED=0
FAILED=
# Runs one check by name and goes on, whatever comes of it: one run shows all that is wrong.
check() {
  local name=$1 began=$SECONDS status
  shift
  say "$name"
  set +e # not `if "$@"`, in which a function would not stop at its first error
  (set -e; "$@")
  status=$?
  set -e
  if [ $status = 0 ]; then
    PASSED=$((PASSED + 1))
    echo "ok: $name ($((SECONDS - began)) s)"
  else
    FAILED="$FAILED$name"$'\n'
    echo "FAILED: $name ($((SECONDS - began)) s)"
  fi
}

lint_wasm() {
  cargo_web clippy --locked --lib --tests -- -D warnings
  cargo_web clippy --locked --lib --tests --features relaxed-simd -- -D warnings
}
docs() { RUSTDOCFLAGS="-D warnings" cargo_native doc --locked --no-deps; }
lint_javascript() { "$NODE_BIN/eslint" --config tests/eslint.config.js --max-warnings 0 www tests; }
page_tests() {
  rm -rf target/faults
  node --test --test-reporter spec tests/tools/*.test.mjs tests/e2e/*.test.mjs
}
faults_table() { node tests/e2e/support/faults.mjs $WRITE; }

# What people do with the page, in real engines by their names.
journeys() {
  rm -rf target/engines
  ENGINES="$*" node --test --test-reporter spec tests/e2e/engines/*.test.mjs
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

test_engines() {
  local engines=
  if find_driver; then engines=chromium; else leave_out "journeys in Chromium" "chromedriver has to be on PATH"; fi
  if [ -n "$ALL_BROWSERS" ]; then
    if find_firefox && have geckodriver; then
      engines="$engines firefox"
      check "wasm tests in Firefox" wasm_tests_firefox
    fi
    if find_webkit; then
      engines="$engines webkit"
      check "wasm tests in WebKitGTK" wasm_tests_webkit
    fi
  fi
  if [ -z "$engines" ]; then return; fi
  # shellcheck disable=SC2086 # a list of names
  check "journeys in $engines" journeys $engines
  check "table of engines" engines_table
}

# What deny.toml says, as far as no network is needed.
check_crates() { cargo-deny --offline --locked check licenses bans sources; }

soak() {
  export CPU1_SOAK=1
  check "native, for long, and optimised code writes the same bytes" cargo_native test --locked --release --test soak --test digests
  check "unoptimised code writes the same bytes" cargo_native test --locked --test digests --config profile.dev.opt-level=0 --target-dir target/unoptimised
  check "in a browser, for long" node --test --test-reporter spec tests/e2e/soak.test.mjs
  tell_checks
}

audit() {
  check "crates: licences, sources, doubles" check_crates
  check "crates: known faults" cargo-deny --locked check advisories
  local folder
  for folder in tests tests/bench www/examples/vite; do
    check "$folder: known faults" npm audit --package-lock-only --prefix "$folder"
  done
  tell_checks
}

test_all() {
  check "format" cargo_native fmt --check
  check "clippy, native" cargo_native clippy --locked --all-targets -- -D warnings
  check "clippy, wasm" lint_wasm
  check "rustdoc" docs
  # Compiling it takes longer than all other tools together; tests/tools/dependencies.test.mjs has the most of it.
  if have cargo-deny; then check "cargo deny" check_crates; fi
  check "native tests" cargo_native test --locked
  check "wasm tests with threads" wasm_tests
  check "wasm tests without threads" wasm_tests_without_threads
  check "wasm tests with relaxed SIMD" wasm_tests_relaxed
  check "the page's wasm" build
  check "types of the JavaScript" type_check
  check "eslint" lint_javascript
  check "page tests" page_tests
  check "table of faults" faults_table
  test_engines
  tell_checks
}

tell_checks() {
  local failures
  failures=$(printf %s "$FAILED" | grep -c . || true)
  if [ -n "$FAILED" ]; then printf '\nfailed:\n%s' "$FAILED"; fi
  say_left_out
  printf '\n%s passed, %s failed\n' "$PASSED" "$failures"
  [ -z "$FAILED" ]
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
