# shellcheck shell=bash disable=SC2034,SC2154 # variables cross the line between this file and its callers
# Shared by the scripts of this folder; sourced, not run.
#
# The caller sets `name` (the word its lines begin with) and has `set -euo pipefail` on.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(
  g++ cmake ninja-build ccache pkg-config
  libcaf-dev libzmq3-dev cppzmq-dev libmsgpack-cxx-dev liblmdb-dev
  libabsl-dev libxxhash-dev nlohmann-json3-dev libcli11-dev libspdlog-dev libtomlplusplus-dev
  libluajit-5.1-dev libssl-dev libre2-dev zlib1g-dev libzstd-dev libsystemd-dev libsqlite3-dev libpq-dev libhiredis-dev
  libmicrohttpd-dev prometheus-cpp-dev libcurl4-openssl-dev libmosquitto-dev librdkafka-dev libyaml-cpp-dev
  qt6-base-dev libqt6opengl6-dev qt6-svg-dev libqcustomplot-dev graphviz
)
test_packages=(debootstrap dpkg-dev python3 postgresql redis-server mosquitto openssl prometheus)

say() { printf '\n%s: %s\n' "$name" "$*"; }

die() {
  printf '\n%s: %s\n' "$name" "$*" >&2
  exit 1
}

# Says so when the script ends early, whatever command it was that failed.
announce_failure() { trap '[ $? -eq 0 ] || printf "\n%s: failed\n" "$name" >&2' EXIT; }

# Runs a command with the rights to install packages.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Names those of the given packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# Installs what is missing of the given packages; asks the network for nothing when all are there.
install_packages() {
  command -v apt-get >/dev/null || die "this script installs packages with apt-get (Debian 12 or newer), which is not here"
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} -eq 0 ]; then
    say "all ${#} packages are installed"
    return
  fi
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
    die "packages are missing, and this user is not root and has no sudo; as root, run: apt-get install ${missing[*]}"
  say "installing ${#missing[@]} of $# packages: ${missing[*]}"
  as_root apt-get update -qq || say "the package lists could not be refreshed, going on with those that are here"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]}"
}

# How many compilers may run at once: one a core, and 1.5 GB of memory for each (the CAF sources need it).
build_jobs() {
  local cores memory_kb by_memory
  cores=$(nproc)
  memory_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kb / 1500000))
  [ "$by_memory" -ge 1 ] || by_memory=1
  echo $((cores < by_memory ? cores : by_memory))
}

# Configures and builds a preset, all of it or the targets given.
build_preset() {
  local preset=$1 targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  cd "$root" || exit
  say "configuring (build/$preset)"
  cmake --preset "$preset" --log-level=WARNING
  say "building with $(build_jobs) jobs (a first build takes some minutes, later ones seconds)"
  cmake --build --preset "$preset" --parallel "$(build_jobs)" "${targets[@]}"
}
