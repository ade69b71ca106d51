#!/bin/bash
# SPDX-License-Identifier: MIT
# Boot a guest as the initial domain of the real Xen, which Debian packages, in QEMU's emulation.
#
# The package is fetched and unpacked into the build folder; nothing is installed. The exit code is 0 if the guest's
# last line says success or skip, 1 if not, 2 if the arguments make no sense, 3 if the package cannot be had.
set -euo pipefail

package='xen-hypervisor-4.17-amd64'
build=${O:-build}
cpus=1
memory=512
model=max
seconds=120
xen_options=

usage() {
    cat <<EOF
usage: tools/oracle.sh [options] GUEST [arguments of the guest] [-- options of QEMU]
  -c CPUS      processors, and vcpus of the guest (now $cpus)
  -m MIB       memory of the machine (now $memory)
  -p MODEL     processor model of QEMU (now $model)
  -t SECONDS   give up after this time (now $seconds)
  -x OPTIONS   more options for Xen
  -n           print the command, do not run it
Example: tools/oracle.sh $build/guest/hello.pvh64
EOF
}

dry_run=
while getopts c:m:p:t:x:nh option; do
    case $option in
    c) cpus=$OPTARG ;;
    m) memory=$OPTARG ;;
    p) model=$OPTARG ;;
    t) seconds=$OPTARG ;;
    x) xen_options=$OPTARG ;;
    n) dry_run=1 ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || { usage >&2; exit 2; }

guest=$1
shift
arguments=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    arguments+=" $1"
    shift
done
[ $# -eq 0 ] || shift
[ -r "$guest" ] || { echo "There is no guest image $guest: run make first." >&2; exit 2; }

# --- The real Xen: others may be fetching it at the same time ---
fetch() { # into a folder of its own
    local folder
    folder=$(mktemp -d "$oracle/fetch.XXXXXX")
    (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2) &&
        dpkg -x "$folder/$package"_*.deb "$folder" &&
        gunzip -c "$folder/boot/xen-4.17-amd64.gz" > "$folder/xen" &&
        mv "$folder/xen" "$xen"
    local status=$?
    rm -rf "$folder"
    return "$status"
}

oracle=$build/oracle
xen=$oracle/xen
if [ ! -s "$xen" ]; then
    mkdir -p "$oracle"
    fetch || { echo "The Debian package $package cannot be fetched here (apt-get update may help)." >&2; exit 3; }
fi

case $guest in
*.pv64 | *.pv32) container= ;;
*) container='dom0=pvh dom0-iommu=none' ;;
esac
command=(qemu-system-x86_64 -M q35 -accel tcg -cpu "$model" -m "$memory" -smp "$cpus" -nodefaults -display none
    -no-reboot -serial stdio -kernel "$xen"
    -append "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all noreboot dom0_max_vcpus=$cpus $container $xen_options"
    -initrd "$guest$arguments" "$@")
if [ -n "$dry_run" ]; then
    printf '%q ' "${command[@]}"
    echo
    exit 0
fi

# --- The run: QEMU does not end by itself when the guest does ---
exec {output}< <(exec timeout "$seconds" "${command[@]}" < /dev/null 2>&1)
pid=$!
verdict=
ended=
while IFS= read -r line <&"$output"; do
    line=${line%$'\r'}
    case $line in
    "qemu-system-x86_64: terminating on signal"*) continue ;;
    esac
    printf '%s\n' "$line"
    case $line in
    *"verdict: "*) verdict=${line##*verdict: } ;;
    *"Hardware Dom0 "* | *"Domain 0 "*"crash"*)
        ended=1
        kill "$pid" 2> /dev/null || true
        ;;
    esac
done || true
wait "$pid" 2> /dev/null || true

case ${ended:+$verdict} in
success* | skip*) exit 0 ;;
*) exit 1 ;;
esac
