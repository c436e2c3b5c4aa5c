# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests of the packages that package-builds has made: source it with the build directory.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
made=$build/package

say() { echo "- $*"; }
fail() { echo "failed: $*" >&2; exit 1; }
skip() { echo "skipped: $*"; exit 77; }

for program in dpkg-buildpackage dh lintian; do
    command -v "$program" >/dev/null || skip "no $program here"
done

version=$(sed -n 's/^project(attestd VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
names=(attestd attest-verifier libattest0 libattest-dev)

deb() { # NAME: its file
    echo "$made/$1_${version}_$(dpkg --print-architecture).deb"
}

# A folder that is gone when the test ends; $work.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# All packages into one tree.
unpack() { # DIRECTORY
    local name
    for name in "${names[@]}"; do
        dpkg-deb --extract "$(deb "$name")" "$1"
    done
}
