#!/bin/bash
# SPDX-License-Identifier: MIT
# Build Xenolith and run it on the best machine at hand. ./run.sh -h explains.
set -euo pipefail

readonly TIME_LIMIT=900 # seconds; only a hang takes that long
readonly MAX_CPUS=64
readonly BUILD=${O:-build} # as in the Makefile

# Debian packages, each with a command or a file (or pattern) that shows that it is there.
readonly RUN_PACKAGES=(make:make gcc:gcc python3:python3 grub-common:grub-mkrescue
    grub-pc-bin:/usr/lib/grub/i386-pc/multiboot2.mod xorriso:xorriso qemu-system-x86:qemu-system-x86_64)
readonly UEFI_PACKAGES=(ovmf:/usr/share/ovmf/OVMF.fd grub-efi-amd64-bin:/usr/lib/grub/x86_64-efi/multiboot2.mod mtools:mformat)
readonly BOCHS_PACKAGES=(bochs:bochs bochsbios:/usr/share/bochs/BIOS-bochs-latest vgabios:/usr/share/vgabios/vgabios.bin)
readonly TEST_PACKAGES=("${RUN_PACKAGES[@]}" "${UEFI_PACKAGES[@]}" "${BOCHS_PACKAGES[@]}" libc6-dev:/usr/include/stdio.h libcmocka-dev:/usr/include/cmocka.h
    libxen-dev:/usr/include/xen/xen.h python3-pytest:pytest clang:clang lld:wasm-ld valgrind:valgrind gcovr:gcovr
    'libclang-rt-14-dev:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a')
readonly CHECK_PACKAGES=("${TEST_PACKAGES[@]}" clang-format:clang-format clang-tidy:clang-tidy
    cppcheck:cppcheck shellcheck:shellcheck mandoc:mandoc)

scenario=tour environment=pvh64 machine=best model="" firmware=bios cpus="" interactive=no debug=no only_print=no list=no
extra=() # what stands after --

usage() {
    cat <<'END'
NAME
    run.sh - build Xenolith and run it in an emulator

SYNOPSIS
    ./run.sh [-g SCENARIO] [-e ENVIRONMENT] [-m MACHINE] [-M MODEL] [-f FIRMWARE] [-c CPUS] [-i] [-d] [-n] [-- ARGUMENT...]
    ./run.sh -l | -h
    ./run.sh test|check [MAKE ARGUMENT...]

DESCRIPTION
    Without arguments: installs what is missing (Debian packages, with apt), builds Xenolith and its guests, makes an
    ISO, boots it, runs the tour of scenarios and ends with its summary. The exit status is 0 only if all went well.

    test    installs what the tests need and runs "make test".
    check   installs what the checks need and runs "make check": formatting, layers, static analysis.

OPTIONS
    -g SCENARIO   run this scenario: a name that -l lists, or a .cfg file of your own (default: tour)
    -e ENVIRONMENT
                  what the guests are built for: pvh64 (64-bit PVH, default), pvh32 (32-bit PVH), or pv64
                  (64-bit PV, which needs neither VMX nor SVM)
    -l            list the scenarios, a line each
    -m MACHINE    qemu: QEMU's own emulation, with SVM;
                  kvm: QEMU with KVM and nested virtualisation, VMX or SVM as the processor has;
                  bochs: Bochs, with VMX, slower;
                  default: kvm if it works here and gives SVM, else qemu
    -M MODEL      the processor that Bochs emulates, by its name or a part of it: icelake (default), tigerlake,
                  skylake, haswell, sandy_bridge (VMX), ryzen (SVM), penryn, lynnfield (VMX without what it takes)
    -f FIRMWARE   bios: from an ISO, by BIOS and GRUB with multiboot 2 (default);
                  uefi: the same ISO by UEFI (OVMF) and GRUB, with a framebuffer for a screen;
                  direct: QEMU loads the hypervisor itself, with multiboot 1
    -c CPUS       number of CPUs of the machine (default: 2; Bochs: 1)
    -i            interactive: keys go to Xenolith's serial console ("h" there lists its debug keys);
                  Ctrl-] x ends QEMU, Ctrl-] c is QEMU's monitor, Ctrl-A is left to Xenolith
    -d            wait for gdb on port 1234 before the first instruction, and print the gdb command
    -n            print the commands, and run none of them
    -h            this help
    --            what follows is given to the emulator, such as: -- -cpu EPYC -m 2048
                  (Bochs takes lines of its configuration: -m bochs -- 'megs: 2048')

EXIT STATUS
    0  every domain ended as it should     1  a domain or the hypervisor did not, or something is missing
    2  the arguments make no sense

FILES
    scenarios/SCENARIO.cfg     which guests start, and how they are configured
    build/iso/SCENARIO.iso     the ISO that -f bios boots
    build/log/SCENARIO.txt     what the last run said on its serial console
    (SCENARIO-pvh32 with -e pvh32, and so on)
    (in another folder than build/ if the environment variable O names one, as for make)
END
}

die() { # status sentence
    echo "run.sh: $2" >&2
    exit "$1"
}

say() {
    echo "run.sh: $*"
}

# --- what the machine must have

missing_packages() { # package:probe... -> names of those that are not there
    local entry probe
    for entry in "$@"; do
        probe=${entry#*:}
        command -v "$probe" >/dev/null || [[ $probe == /* && -n $(compgen -G "$probe") ]] || echo "${entry%%:*}"
    done
}

apt() {
    if [[ $EUID -eq 0 ]]; then
        DEBIAN_FRONTEND=noninteractive apt-get -q "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null && { [[ $EUID -eq 0 ]] || sudo -n true 2>/dev/null; }
}

lists_are_fresh() {
    [[ -n $(find /var/lib/apt/lists -name '*_Packages*' -mtime -7 -print -quit 2>/dev/null) ]]
}

install_packages() { # package:probe...
    local packages
    mapfile -t packages < <(missing_packages "$@")
    [[ ${#packages[@]} -gt 0 ]] || return 0
    local install=(install --yes --no-install-recommends "${packages[@]}")
    may_install || die 1 "Packages are missing; install them with: sudo apt-get ${install[*]}"
    say "installing ${packages[*]}"
    lists_are_fresh || apt update
    apt "${install[@]}" || { apt update && apt "${install[@]}"; } ||
        die 1 "apt-get could not install ${packages[*]}."
}

# --- the machine

# What KVM needs, as a sentence about the first thing that is missing. Tests give $XENOLITH_ROOT a /dev and /sys of their own.
readonly ROOT=${XENOLITH_ROOT:-}

kvm_module() { # that the processor takes, or nothing: kvm_intel gives VMX to its guests, kvm_amd SVM
    case $(grep -swoEm 1 'vmx|svm' "$ROOT/proc/cpuinfo" | head -n 1) in
        vmx) echo kvm_intel ;;
        svm) echo kvm_amd ;;
    esac
}

kvm_parameters() { # module -> those of its parameters that Xenolith needs to be on
    case $1 in
        kvm_intel) echo nested ept unrestricted_guest ;;
        kvm_amd) echo nested npt ;;
    esac
}

kvm_parameter_missing() { # module
    local parameter
    for parameter in $(kvm_parameters "$1"); do
        if ! grep -qs '[1Y]' "$ROOT/sys/module/$1/parameters/$parameter"; then
            echo "$parameter=1"
            return
        fi
    done
}

kvm_refused() { # what QEMU says, if it can't start with KVM
    local said
    said=$(timeout 10 qemu-system-x86_64 -accel kvm -cpu host -nodefaults -display none -S -monitor stdio <<<quit 2>&1) ||
        sed -n 's/^qemu-system-x86_64: *//p' <<<"${said:-qemu-system-x86_64: it hangs}" | head -n 1
}

kvm_problem() { # a sentence, or nothing if KVM serves
    local module missing group
    module=$(kvm_module)
    if [[ -z $module ]]; then
        echo "This machine offers neither VMX nor SVM (/proc/cpuinfo): its firmware has it off, or it is a virtual machine itself."
        return
    elif [[ ! -d $ROOT/sys/module/$module ]]; then
        echo "The module $module is not loaded: sudo modprobe $module nested=1."
        return
    fi
    missing=$(kvm_parameter_missing "$module")
    if [[ -n $missing ]]; then
        echo "KVM lacks $module.$missing: sudo modprobe -r $module && sudo modprobe $module $missing."
    elif [[ ! -e $ROOT/dev/kvm ]]; then
        echo "There is no /dev/kvm, although the module $module is loaded."
    elif [[ ! -r $ROOT/dev/kvm || ! -w $ROOT/dev/kvm ]]; then
        group=$(stat -c %G "$ROOT/dev/kvm")
        echo "You may not use /dev/kvm: sudo usermod -aG $group ${USER:-$(id -un)}, and log in again."
    else
        missing=$(kvm_refused)
        [[ -z $missing ]] || echo "QEMU can't use KVM here ($missing)."
    fi
}

# Nobody has tried VMX by KVM yet: it is there for who asks for it.
choose_machine() {
    local problem
    if [[ $machine == kvm && $only_print == no ]]; then
        problem=$(kvm_problem)
        [[ -z $problem ]] || die 1 "$problem (-m qemu needs no KVM.)"
    elif [[ $machine == best ]]; then
        machine=qemu
        if [[ $(kvm_module) == kvm_amd && -z $(kvm_problem) ]]; then
            machine=kvm
        fi
    fi
}

machine_args() {
    case $machine in
        qemu) printf '%s\n' -accel tcg -cpu max ;;
        kvm) printf '%s\n' -accel kvm -cpu host ;;
    esac
}

console_args() {
    if [[ $interactive == yes ]]; then
        printf '%s\n' -serial mon:stdio -echr 0x1d
    else
        printf '%s\n' -serial stdio
    fi
}

run_name() { # of the files that belong to this scenario in this environment
    local name
    name=$(basename "$scenario" .cfg)
    [[ $environment == pvh64 ]] && echo "$name" || echo "$name-$environment"
}

iso_path() {
    echo "$BUILD/iso/$(run_name).iso"
}

iso_command() {
    printf '%s\n' tools/mkiso.py --build "$BUILD" --env "$environment" --default "$scenario" -o "$(iso_path)"
}

load_args() { # how the hypervisor gets into memory, one argument a line
    [[ $firmware != uefi ]] || printf '%s\n' -bios /usr/share/ovmf/OVMF.fd
    if [[ $firmware == direct ]]; then
        tools/scenario.py qemu --build "$BUILD" --env "$environment" "$scenario"
    else
        printf '%s\n' -cdrom "$(iso_path)"
    fi
}

make_command() { # fills command[]
    local args
    if [[ $machine == bochs ]]; then
        make_bochs_command
        return
    fi
    mapfile -t args < <(machine_args && console_args && load_args)
    command=(qemu-system-x86_64 -M q35 -smp "$cpus" -m 1024 -nodefaults -vga std -display none -no-reboot
        -device 'isa-debug-exit,iobase=0xf4,iosize=4' "${args[@]}")
    [[ $debug == no ]] || command+=(-s -S)
    command+=("${extra[@]}")
}

# --- the run

quoted() { # words, so that a shell reads them back
    local word
    for word in "$@"; do
        [[ $word =~ ^[A-Za-z0-9_./:=,+-]+$ ]] && printf '%s ' "$word" || printf '%s ' "${word@Q}"
    done
    echo
}

print_commands() {
    local iso_words
    mapfile -t iso_words < <(iso_command)
    quoted make "O=$BUILD" all
    [[ $firmware == direct ]] || quoted "${iso_words[@]}"
    make_command
    quoted "${command[@]}"
}

build() {
    local iso_words
    say "building"
    make --no-print-directory -j"$(nproc)" "O=$BUILD" all || die 1 "The build failed."
    if [[ $firmware != direct ]]; then
        mapfile -t iso_words < <(iso_command)
        "${iso_words[@]}" || die 1 "The ISO could not be made."
    fi
}

make_bochs_command() { # fills command[]; bochs.py ends with the codes that QEMU would
    command=(tools/bochs.py --cpus "$cpus" --folder "$BUILD/bochs/$(run_name)")
    [[ -z $model ]] || command+=(--model "$model")
    command+=("$(iso_path)" -- "${extra[@]}")
}

run_interactive() {
    say "keys go to Xenolith (h: its debug keys); Ctrl-] x ends QEMU"
    "${command[@]}"
}

run_watched() {
    mkdir -p "$BUILD/log"
    timeout --foreground "$TIME_LIMIT" "${command[@]}" </dev/null | tee "$BUILD/log/$(run_name).txt"
}

explain_gdb() {
    say "waiting for: gdb $BUILD/xenolith.elf -ex 'target remote :1234' -ex 'hbreak kmain' -ex continue"
}

run() {
    local status=0
    make_command
    [[ $debug == no ]] || explain_gdb
    if [[ $interactive == yes ]]; then
        run_interactive || status=$?
    elif [[ $debug == yes ]]; then
        "${command[@]}" </dev/null || status=$?
    else
        run_watched || status=$?
    fi
    judge "$status"
}

judge() { # exit status of the emulator: what was written to isa-debug-exit, times 2, plus 1
    case $1 in
        33) exit 0 ;;
        35) die 1 "The run failed; the summary above says why." ;;
        0) [[ $interactive == yes ]] || die 1 "The machine went off without a verdict." ;;
        124) die 1 "The machine hung: no end after $TIME_LIMIT seconds." ;;
        *) die 1 "The emulator ended with status $1." ;;
    esac
}

# --- arguments

parse_options() {
    local option
    while getopts ':g:e:m:M:f:c:lidnh' option; do
        case $option in
            g) scenario=$OPTARG ;;
            e) environment=$OPTARG ;;
            m) machine=$OPTARG ;;
            M) model=$OPTARG ;;
            f) firmware=$OPTARG ;;
            c) cpus=$OPTARG ;;
            l) list=yes ;;
            i) interactive=yes ;;
            d) debug=yes ;;
            n) only_print=yes ;;
            h) usage && exit 0 ;;
            :) die 2 "The option -$OPTARG needs a value (./run.sh -h explains)." ;;
            *) die 2 "There is no option -$OPTARG (./run.sh -h explains)." ;;
        esac
    done
    first=$OPTIND
}

check_bochs_options() {
    local sentence
    [[ $firmware == bios ]] || die 2 "Bochs starts from an ISO, by BIOS: -f $firmware does not go with -m bochs."
    [[ $interactive == no ]] || die 2 "Bochs runs without a keyboard: -i does not go with -m bochs."
    [[ $debug == no ]] || die 2 "Bochs of Debian has no gdb stub: -d does not go with -m bochs."
    [[ -z $model ]] || sentence=$(tools/bochs.py --model "$model" --check 2>&1) || die 2 "$sentence"
}

check_options() {
    case $environment in
        pvh64 | pvh32 | pv64) ;;
        *) die 2 "There is no environment '$environment'; there are: pvh64, pvh32, pv64." ;;
    esac
    case $machine in
        best | qemu | kvm) [[ -z $model ]] || die 2 "-M chooses a processor of Bochs (-m bochs); for QEMU: -- -cpu NAME." ;;
        bochs) check_bochs_options ;;
        *) die 2 "There is no machine '$machine'; there are: qemu, kvm, bochs." ;;
    esac
    case $firmware in
        bios | direct | uefi) ;;
        *) die 2 "There is no firmware '$firmware'; there are: bios, direct, uefi." ;;
    esac
    [[ -n $cpus ]] || cpus=$([[ $machine == bochs ]] && echo 1 || echo 2)
    [[ $cpus =~ ^[1-9][0-9]?$ && $cpus -le $MAX_CPUS ]] || die 2 "-c takes a number of CPUs from 1 to $MAX_CPUS."
    [[ $scenario != *.cfg || $scenario == /* ]] || scenario=$start_folder/$scenario
}

check_scenario() {
    local sentence
    command -v python3 >/dev/null || die 1 "python3 is missing."
    sentence=$(tools/scenario.py check "$scenario" 2>&1) || die 2 "${sentence#scenario: }"
}

make_target() { # target argument...
    case $1 in
        test) install_packages "${TEST_PACKAGES[@]}" ;;
        check) install_packages "${CHECK_PACKAGES[@]}" ;;
        *) die 2 "There is no command '$1'; there are: test, check (./run.sh -h explains)." ;;
    esac
    exec make --no-print-directory "$@"
}

main() {
    start_folder=$PWD
    cd "$(dirname "$0")"
    parse_options "$@"
    if [[ ${*:first-1:1} == -- && $first -gt 1 ]]; then
        extra=("${@:first}")
    elif [[ $# -ge $first ]]; then
        [[ $first -eq 1 ]] || die 2 "'${*:first:1}' goes without options; arguments of the emulator stand after --."
        make_target "$@"
    fi
    check_options
    if [[ $list == yes ]]; then
        exec tools/scenario.py list
    elif [[ $only_print == yes ]]; then
        check_scenario
        choose_machine
        print_commands
        exit
    fi
    install_packages "${RUN_PACKAGES[@]}"
    [[ $machine != bochs ]] || install_packages "${BOCHS_PACKAGES[@]}"
    [[ $firmware != uefi ]] || install_packages "${UEFI_PACKAGES[@]}"
    check_scenario
    choose_machine
    build
    run
}

main "$@"
