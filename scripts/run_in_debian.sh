#!/usr/bin/env bash
# Runs a command as root in a fresh Debian, in a copy of the committed sources without build products:
#
#   scripts/run_in_debian.sh trixie make test                       what `make test-debian13` does
#   scripts/run_in_debian.sh bookworm scripts/test_first_steps.sh   types the commands of README.md and of "Getting started"
#   scripts/run_in_debian.sh bookworm scripts/test_wheel.sh         installs dist/*.whl on a system without a compiler
#
# Needs root, debootstrap, git and unshare. Each call makes the system anew, in build/debian/<suite>. It uses the mirror of
# this machine's apt, or MIRROR, and copies pip's settings and the certificates. It mounts nothing of this machine: its /proc
# and /dev/shm are in a mount namespace that ends with the command.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
suite=$1
shift
system=$PWD/build/debian/$suite

if [ -z "${MIRROR-}" ]; then
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    MIRROR=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | sed -n "s/^$codename //p" | head -n 1)
fi
if findmnt --list --noheadings --output TARGET | grep -q "^$system"; then
    echo "run_in_debian: something is mounted in $system: unmount it first" >&2
    exit 1
fi
rm -rf --one-file-system "$system"
mkdir -p "$system"
debootstrap --variant=minbase --include=ca-certificates,make "$suite" "$system" "$MIRROR" >"$system.log" 2>&1 ||
    { tail -n 20 "$system.log" >&2; exit 1; }

mkdir "$system/operant"
git archive HEAD | tar --extract --directory "$system/operant"
if [ -d dist ]; then cp --recursive dist "$system/operant"; fi
# pip.conf may name a file of constraints.
constraint=$(python3 -m pip config list 2>/dev/null | sed -n "s/^[^=]*constraint='\(.*\)'$/\1/p" || true)
for settings in /etc/pip.conf /etc/xdg/pip/pip.conf $constraint /etc/ssl/certs/ca-certificates.crt; do
    [ ! -f $settings ] || install -D --mode=644 $settings "$system$settings"
done

echo "run_in_debian: $suite: $*"
# The variables are those of this machine's pip and of its proxies.
mapfile -t variables < <(env | grep -E '^(PIP_|[a-zA-Z]+_proxy=|[A-Z]+_PROXY=|SSL_CERT_)' || true)
exec unshare --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$0/proc" && mkdir -p "$0/dev/shm" && mount -t tmpfs tmpfs "$0/dev/shm" &&
    exec chroot "$0" "$@"' "$system" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    "${variables[@]}" sh -c 'cd /operant && exec "$@"' sh "$@"
