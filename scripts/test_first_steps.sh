#!/usr/bin/env bash
# Types all commands and programs of README.md and docs/getting-started.md on a fresh Debian, in their order, and prints
# their times. scripts/run_in_debian.sh calls it. It first installs the system packages, because without them CMake would
# fetch the libraries from GitHub.
set -euo pipefail

say() { printf 'test_first_steps: %s\n' "$*"; }
type_command() { # in this shell, because a command may activate the virtual environment
    local TIMEFORMAT="test_first_steps: ${1//%/%%}: %R s, processor %U s"
    time eval "$1" </dev/null
}

# A block of the language sh has a command per line, or per several lines that end with a backslash.
type_sh() {
    local command commands
    mapfile -t commands < <(sed -e :join -e '/\\$/{N;s/\\\n *//;b join' -e '}' -e 's/  *#.*//' <<<"$1")
    for command in "${commands[@]}"; do
        case $command in
            "") ;;
            "make test") say "not typed: $command: it is long; make test-debian13 types it" ;;
            "operant watch "*" -o "*) type_command "$command" ;;
            "operant watch "*) say "not typed: $command: it opens a window" ;;
            *) type_command "$command" ;;
        esac
    done
}
# A program uses the names of those before it on the page.
type_python() {
    cat >>"$programs" <<<"$1"
    say "$page: program $((++number))"
    type_command "python $programs"
}
# README.md's C++ program is a whole file. The programs of the other page are files of examples/. A command compiles each.
type_cpp() { case $1 in '--8<--'*) ;; *) cat >main.cpp <<<"$1" ;; esac; }

type_page() {
    page=$1 number=0 programs=/tmp/$(basename "$1" .md).py
    : >"$programs"
    local line lines language="" text
    mapfile -t lines <"$page"
    for line in "${lines[@]}"; do
        case $language:$line in
            ':```sh' | ':```python' | ':```cpp') language=${line#'```'} text="" ;;
            [a-z]*':```')
                "type_$language" "${text%$'\n'}"
                language=""
                ;;
            [a-z]*:*) text+=$line$'\n' ;;
            ':| `pip install '*) type_command "$(cut --delimiter='`' --fields=2 <<<"$line")" ;; # the table of extras
        esac
    done
}

type_command "scripts/install_system_packages.sh >/dev/null"
type_page README.md
# README.md's commands have built the package twice, once as a user's pip does, in a temporary directory. Each further build
# would take as long, so pip goes on where `make demo` has built.
export SKBUILD_BUILD_DIR=build/python PIP_NO_BUILD_ISOLATION=0
type_page docs/getting-started.md
