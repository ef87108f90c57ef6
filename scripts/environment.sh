# shellcheck shell=sh
# Makes .venv, once, with the project and all that its tests need; sourced by ./demo, ./test and .ci/run.
# Nothing outside this folder is touched, except where the system lacks Python's venv module and we are root.

find_python() {
    for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "This needs Python 3.11 or newer, and found none on the PATH." >&2
    return 1
}

make_venv() {
    "$1" -m venv .venv >/dev/null 2>&1 && return
    rm -rf .venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Python's venv module is missing; installing the package python3-venv." >&2
        apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    fi
    if ! "$1" -m venv .venv; then
        echo "A virtual environment can't be made. On Debian or Ubuntu: apt-get install python3-venv" >&2
        return 1
    fi
}

environment() {
    wanted=$(cat pyproject.toml constraints.txt | cksum)
    if [ "$(cat .venv/ready 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    echo "Making the environment in .venv (a few minutes, once)." >&2
    if [ ! -x .venv/bin/python ]; then
        make_venv "$(find_python)" || return 1
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,parquet]' \
        || return 1
    echo "$wanted" > .venv/ready
}
