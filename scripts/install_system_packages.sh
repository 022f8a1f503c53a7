#!/usr/bin/env bash
# Installs the system packages that building Operant needs: a compiler, CMake, and the C++ libraries xsimd, Taskflow,
# doctest and google-benchmark. For Debian 12, Debian 13 and Ubuntu; it can be run again at any time.
#
#   scripts/install_system_packages.sh            install missing packages (uses sudo where needed)
#   scripts/install_system_packages.sh --check    install nothing; exit with status 1 if packages are missing
#   scripts/install_system_packages.sh docs       include the packages for `make docs` (with or without --check)
#   scripts/install_system_packages.sh cpus       include the packages for `make test-cpus` (the same)
set -euo pipefail

xsimd_minimum=13
taskflow_minimum=3.9
tools=(g++ make cmake ninja-build doctest-dev libbenchmark-dev)

say() { printf 'install_system_packages: %s\n' "$*"; }

check=no
for argument in "$@"; do
    case "$argument" in
        --check) check=yes ;;
        docs) tools+=(doxygen) ;;
        cpus) tools+=(qemu-user g++-aarch64-linux-gnu) ;;
        -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) say "unknown argument '$argument' (try --help)" >&2; exit 2 ;;
    esac
done

if ! command -v apt-get >/dev/null; then
    say "no apt-get here: install CMake, a C++20 compiler, xsimd >= $xsimd_minimum and Taskflow >= $taskflow_minimum" \
        "with your own package manager, or let CMake fetch the two libraries."
    exit 0
fi

installed() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null | grep -q .; }
installed_at_least() { dpkg --compare-versions "$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null)" ge "$2"; }
candidate_at_least() {
    local candidate
    candidate=$(apt-cache policy "$1" | sed -n 's/^  Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != '(none)' ] && dpkg --compare-versions "$candidate" ge "$2"
}

# Python of pyenv or conda includes venv and the headers; Debian has separate packages for them.
if [ "$(command -v python3 || true)" = /usr/bin/python3 ] || ! command -v python3 >/dev/null; then
    tools+=(python3 python3-venv python3-dev)
fi

. /etc/os-release
debian_12() { [ "${ID-}" = debian ] && [ "${VERSION_ID-}" = 12 ]; }

# Lists the packages to install. CMake fetches a library whose version in this system's archive is too old.
find_missing() {
    missing=()
    for package in "${tools[@]}"; do
        installed "$package" || missing+=("$package")
    done
    libraries=()
    for library in "libxsimd-dev $xsimd_minimum" "libtaskflow-cpp-dev $taskflow_minimum"; do
        read -r package minimum <<<"$library"
        installed_at_least "$package" "$minimum" && continue
        if debian_12 || candidate_at_least "$package" "$minimum"; then libraries+=("$package"); fi
    done
}
find_missing

if [ ${#missing[@]} -eq 0 ] && [ ${#libraries[@]} -eq 0 ]; then
    say "nothing to do, all system packages are installed."
    exit 0
fi
if [ $check = yes ]; then
    say "missing: ${missing[*]} ${libraries[*]}"
    exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "not root and no sudo: run this script as root." >&2; exit 1; }
    as_root=(sudo)
fi
apt_install() {
    say "apt-get install $*"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -q "$@"
}

say "apt-get update"
"${as_root[@]}" apt-get update -q
find_missing # now the versions in the archive are known

# Debian 12 has an old xsimd and no Taskflow. Both are header-only, so those of Debian 13 (trixie) are installed: its
# suite is added beside the machine's apt source, with a priority below that of every installed package.
add_trixie() {
    local uri keyring
    uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^bookworm //p' | head -n 1)
    [ -n "$uri" ] || { say "no apt source for Debian 12 (bookworm) found to take trixie from." >&2; return 1; }
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    say "adding Debian 13 (trixie) as an apt source, pinned to priority 100: nothing installed is upgraded from it."
    printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: %s\n' "$uri" "$keyring" |
        "${as_root[@]}" tee /etc/apt/sources.list.d/operant-trixie.sources >/dev/null
    printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' |
        "${as_root[@]}" tee /etc/apt/preferences.d/operant-trixie >/dev/null
    "${as_root[@]}" apt-get update -q
}

if [ ${#libraries[@]} -gt 0 ] && debian_12; then
    add_trixie
    missing+=(libtaskflow-cpp-dev libxsimd-dev/trixie)
else
    missing+=("${libraries[@]}")
fi
[ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
say "done."
