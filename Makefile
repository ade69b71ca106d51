# SPDX-License-Identifier: MIT
# Xenolith: `make help` lists the targets and the variables.

# --- What the user may set -------------------------------------------------------------------------------------------
O ?= build
V ?= 0
DEBUG ?= 0
WERROR ?= $(if $(CI),1,0)
FUZZ_SECONDS ?= 60
FUZZ_RUNS ?= 20000
REFERENCE_OPERATIONS ?= 300000
PYTHON ?= python3

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

Q := $(if $(filter 1,$(V)),,@)
say = @$(if $(filter 1,$(V)),:,printf '  %-8s %s\n' '$(1)' '$(2)')

# --- Compilers -------------------------------------------------------------------------------------------------------
# The target compiler: the first of these prefixes that has a gcc; CC=clang works as well (binutils stay GNU).
have = $(shell command -v $(1) 2>/dev/null)
ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(firstword $(foreach p,x86_64-elf- x86_64-linux-gnu-,$(if $(call have,$(p)gcc),$(p))))
endif
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
NM := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
cc_is_clang := $(findstring clang,$(notdir $(firstword $(CC))))

# Programs that run on this machine: unit tests and fuzzers.
HOST_CC ?= $(if $(cc_is_clang),$(CC),gcc)
FUZZ_CC ?= clang

# Targets that compile nothing need no compiler.
compiling := $(filter-out clean help check%,$(if $(MAKECMDGOALS),$(MAKECMDGOALS),all))
ifneq ($(compiling),)
ifeq ($(call have,$(firstword $(CC))),)
$(error There is no $(CC) here: install the Debian package gcc, or set CROSS_COMPILE= or CC=)
endif
ifeq ($(CROSS_COMPILE)$(cc_is_clang),)
ifeq ($(filter x86_64% amd64%,$(shell $(CC) -dumpmachine)),)
$(error $(CC) does not compile for x86-64: install the Debian package gcc-x86-64-linux-gnu, or set CROSS_COMPILE=)
endif
endif
endif

# --- Flags -----------------------------------------------------------------------------------------------------------
# A table may start as [0 ... n] = default and name its exceptions after that.
no_override = -Wno-$(if $(findstring clang,$(notdir $(firstword $(1)))),initializer-overrides,override-init)
# $(1) = compiler
warnings = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wundef $(call no_override,$(1)) $(if $(filter 1,$(WERROR)),-Werror)
# The same bytes from every folder: no path of this machine in the debug information.
prefix_map := -ffile-prefix-map=$(abspath $(O))=build -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(O)=build

freestanding := -std=c11 -ffreestanding -O2 -g -I. $(prefix_map) $(call warnings,$(CC)) -Wconversion \
	-mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer -fcf-protection=none -fno-stack-protector \
	-fno-strict-aliasing -fno-common -fno-asynchronous-unwind-tables
linking := -nostdlib -static $(if $(cc_is_clang),,-no-pie) -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
	-Wl,--orphan-handling=warn -Wl,--fatal-warnings
ifneq ($(cc_is_clang),)
freestanding += --target=x86_64-linux-gnu -fdebug-compilation-dir=.
linking += --target=x86_64-linux-gnu
no_idioms := -fno-builtin
else
no_idioms := -fno-builtin -fno-tree-loop-distribute-patterns
endif

hypervisor_flags := $(freestanding) -fpie -fvisibility=hidden -DPV_ENV_INLINE $(if $(filter 1,$(DEBUG)),-DXENOLITH_DEBUG=1)
hypervisor_c_flags := -include common/hidden.h

# --- Environments ----------------------------------------------------------------------------------------------------
# One guest program is one source, built for each of these. A new environment is a new block of lines. What is not the
# same everywhere has folders by part: guest/lib/PART, and guest/PROGRAM/PART if a program has something of the kind.
environments := pvh64 pvh32 pv64

pvh64.flags := $(freestanding) -fno-pie -mcmodel=small -ffunction-sections -fdata-sections
pvh64.link := $(linking) -Wl,--gc-sections
pvh64.script := linker/guest.ld
pvh64.parts := pvh pvh64 x64

# Freestanding: no 32-bit library of the compiler or of C is needed. Any processor with cmpxchg8b runs it.
pvh32.flags := $(filter-out -mcmodel=small -mno-red-zone --target=%,$(pvh64.flags)) $(if $(cc_is_clang),--target=i686-linux-gnu,-m32 -march=i686)
pvh32.link := $(filter-out --target=%,$(pvh64.link)) $(if $(cc_is_clang),--target=i686-linux-gnu,-m32)
pvh32.script := linker/guest.ld
pvh32.parts := pvh pvh32

# Classic paravirtualisation: ring 3, page tables that the hypervisor validates.
pv64.flags := $(pvh64.flags)
pv64.link := $(pvh64.link)
pv64.script := linker/guest.ld
pv64.parts := pv64 x64

# --- Sources ---------------------------------------------------------------------------------------------------------
sources = $(sort $(wildcard $(foreach d,$(1),$(d)/*.c $(d)/*.S)))
objects = $(patsubst %,$(O)/obj/$(1)/%.o,$(2))

hypervisor_sources := $(call sources,boot arch/x86 arch/x86/svm arch/x86/vmx arch/x86/pv kernel evtchn common)
hypervisor_objects := $(call objects,hypervisor,$(hypervisor_sources))

# The image for guest/lesson prints each step on shared memory: evtchn/ is compiled against an extern seam
# (evtchn/shm.h), kernel/lesson/ supplies it and takes the place of kernel/trace.c, and the linker puts two functions of
# the environment behind it. Everything else is the same objects.
lesson_watched := env_kick env_wake_pollers evt_domain_set_dying
lesson_flags = $(lesson_watched:%=-Wl,--wrap=%)
lesson_objects := $(filter-out $(call objects,hypervisor,kernel/trace.c $(call sources,evtchn)),$(hypervisor_objects)) \
	$(call objects,hypervisor,$(call sources,kernel/lesson)) $(call objects,lesson,$(call sources,evtchn))

guests := $(sort $(filter-out abi lib,$(foreach f,$(wildcard guest/*/*.c guest/*/*/*.c),$(word 2,$(subst /, ,$(f))))))
# A program that has nothing but folders by part exists only where one of them counts.
guests_of = $(foreach g,$(guests),$(if $(wildcard guest/$(g)/*.c $($(1).parts:%=guest/$(g)/%/*.c)),$(g)))
guest_images := $(foreach e,$(environments),$(patsubst %,$(O)/guest/%.$(e),$(call guests_of,$(e))))

# What a program is linked with: all that its `// links:` name, but what it includes as a whole.
included_by = $(shell sed -n 's,^\#include "\(evtchn/.*\.c\)",\1,p' $(1))
links_of = $(filter-out $(call included_by,$(1)),$(sort $(foreach w,$(shell sed -n 's,^// links: *,,p' $(1)),$(if $(findstring *,$(w)),$(wildcard $(w)),$(w)))))
host_tests := $(patsubst tests/host/%.c,%,$(sort $(wildcard tests/host/test_*.c)))
fuzzers := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
host_programs := $(host_tests:%=$(O)/host/%)
fuzz_programs := $(fuzzers:%=$(O)/fuzz/%)

# --- Targets for people ----------------------------------------------------------------------------------------------
.PHONY: all iso usb hypervisor guests test test-host test-vm test-long check counts conformance bench wasm32 mutation mutation-smoke mutation-sample man fuzz reference pv-random model model-quick model-self coverage reproducible clean help FORCE

all: hypervisor guests
hypervisor: $(O)/xenolith $(O)/xenolith.elf $(O)/xenolith-lesson
guests: $(guest_images)

iso: $(O)/xenolith.iso
$(O)/xenolith.iso: $(O)/xenolith $(guest_images) $(wildcard tools/mkiso.py tools/scenario.py) $(wildcard scenarios/*.cfg)
	$(call say,ISO,$@)
	$(Q)$(PYTHON) tools/mkiso.py --build $(O) --output $@

# DEV= names the stick; OVERWRITE=yes answers the question in advance.
usb: iso
	$(Q)OVERWRITE='$(OVERWRITE)' $(PYTHON) tools/usb.py $(O)/xenolith.iso '$(DEV)'

help:
	@echo 'Targets:'
	@echo '  all            the hypervisor (O/xenolith, O/xenolith.elf; O/xenolith-lesson) and every guest (O/guest/NAME.ENVIRONMENT)'
	@echo '  iso            a GRUB ISO with a menu entry for each scenario (O/xenolith.iso)'
	@echo '  usb            write the ISO to the USB stick DEV=/dev/sdX and compare; refuses what is no removable disk (OVERWRITE=yes: no question)'
	@echo '  test           everything below: unit tests, fuzzers for a bounded time, tests in an emulator'
	@echo '  test-host      unit tests and fuzzers only'
	@echo '  test-vm        tests in an emulator only'
	@echo '  test-long      those tests in an emulator that take minutes each'
	@echo '  check          formatting, layer rules, headers, static analysis, scripts'
	@echo '  conformance    the same questions to the real Xen (fetched with apt) and to Xenolith, compared (RECORD=1: keep Xen'\''s answers)'
	@echo '  counts         instructions for hypercalls and events, counted in an emulator'
	@echo '  bench          instructions and bytes of the event-channel core, with few and with many ports'
	@echo '  wasm32         the event-channel core compiles for wasm32 and needs only what its headers say'
	@echo '  mutation       break the event-channel core on purpose, and see whether a test notices (ten minutes)'
	@echo '  fuzz           each fuzzer for FUZZ_SECONDS, then ten million operations of reference'
	@echo '  reference      the event-channel core against a second implementation, and hostile guests'
	@echo '  pv-random      ten million random operations on the memory core of the pv container'
	@echo '  model          every interleaving of the event-channel core with itself and its guests, by scenario'
	@echo '  man            the manual pages (docs/man/) as text, in O/man (Debian package mandoc)'
	@echo '  coverage       lines and branches of evtchn/ that the unit tests reach'
	@echo '  reproducible   build a copy of the sources elsewhere and compare the images'
	@echo '  clean          remove O'
	@echo 'Variables (now):'
	@echo '  O=$(O)  V=$(V) (1: print commands)  DEBUG=$(DEBUG) (1: VM entries are checked first, log=debug shows where errors are born)  WERROR=$(WERROR) (1 when CI is set)  CC=$(CC)  CROSS_COMPILE=$(CROSS_COMPILE)'
	@echo '  HOST_CC=$(HOST_CC)  FUZZ_CC=$(FUZZ_CC)  FUZZ_SECONDS=$(FUZZ_SECONDS)  FUZZ_RUNS=$(FUZZ_RUNS) (a fuzzer in `make test`)  REFERENCE_OPERATIONS=$(REFERENCE_OPERATIONS)'
	@echo 'Guests: $(guests) ($(environments))'

clean:
	$(Q)rm -rf $(O)

# --- Compiling -------------------------------------------------------------------------------------------------------
# A file that changes when the commands change; every object depends on it.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(hypervisor_flags) $(hypervisor_c_flags) $(foreach e,$(environments),$($(e).flags) $($(e).link))' | cmp -s - $@ || \
	 echo '$(CC) $(hypervisor_flags) $(hypervisor_c_flags) $(foreach e,$(environments),$($(e).flags) $($(e).link))' > $@

# gcc must not turn the loop in memset() into a call of memset().
$(O)/obj/%/common/string.c.o: extra := $(no_idioms)

# $(1) = environment or "hypervisor", $(2) = its flags
define compile_rules
$(O)/obj/$(1)/%.c.o: %.c $(O)/flags
	$$(call say,CC,$(1) $$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $(2) $$($(1)_c_flags) $$(extra) -MMD -MP -c $$< -o $$@

$(O)/obj/$(1)/%.S.o: %.S $(O)/flags
	$$(call say,AS,$(1) $$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $(2) -MMD -MP -c $$< -o $$@
endef
$(eval $(call compile_rules,hypervisor,$(hypervisor_flags)))
$(eval $(call compile_rules,lesson,$(hypervisor_flags) $(hypervisor_c_flags) -DEVT_SHM_EXTERN))
$(foreach e,$(environments),$(eval $(call compile_rules,$(e),$($(e).flags))))

# Linker scripts take their addresses from the headers.
$(O)/%.ld: %.ld $(O)/flags
	$(call say,LDS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(if $(cc_is_clang),--target=x86_64-linux-gnu) -E -P -undef -x assembler-with-cpp -I. \
		-MMD -MP -MT $@ -MF $@.d $< -o $@

# --- The hypervisor --------------------------------------------------------------------------------------------------
# Linked twice: the first link tells the addresses for the symbol table (tools/symbols.py), which stands last in the
# read-only data, so that no function moves when it is filled. The third step proves it.
hypervisor_script := $(O)/linker/hypervisor.ld
hypervisor_link = $(CC) $(linking) -Wl,--no-warn-rwx-segments -Wl,-T,$(hypervisor_script)

$(O)/no.symbols.S: tools/symbols.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/symbols.py --empty > $@

$(O)/%.symbols.S: $(O)/%.pass1 tools/symbols.py
	$(call say,SYMBOLS,$@)
	$(Q)$(NM) $< | $(PYTHON) tools/symbols.py > $@

$(O)/%.symbols.o: $(O)/%.symbols.S
	$(Q)$(CC) $(hypervisor_flags) -g0 -c $< -o $@

# $(1) = image, $(2) = its objects, $(3) = more flags
define image_rules
.SECONDARY: $(O)/$(1).symbols.S
$(O)/$(1).pass1: $(2) $(O)/no.symbols.o $(hypervisor_script)
	$$(call say,LD,$$@)
	$$(Q)$$(hypervisor_link) $(3) $(2) $(O)/no.symbols.o -o $$@

$(O)/$(1).elf: $(2) $(O)/$(1).symbols.o $(hypervisor_script)
	$$(call say,LD,$$@)
	$$(Q)$$(hypervisor_link) $(3) $(2) $(O)/$(1).symbols.o -o $$@
	$$(Q)$$(NM) $$@ | $$(PYTHON) tools/symbols.py | cmp -s - $(O)/$(1).symbols.S || \
		{ echo 'The symbol table moved a function: see linker/hypervisor.ld.' >&2; exit 1; }

$(O)/$(1): $(O)/$(1).elf
	$$(call say,OBJCOPY,$$@)
	$$(Q)$$(OBJCOPY) -O binary $$< $$@
endef
$(eval $(call image_rules,xenolith,$(hypervisor_objects)))
$(eval $(call image_rules,xenolith-lesson,$(lesson_objects),$(lesson_flags)))

# --- Guests ----------------------------------------------------------------------------------------------------------
# $(1) = program, $(2) = environment
define guest_rules
guest_objects.$(1).$(2) := $(call objects,$(2),$(call sources,$(foreach f,guest/$(1) guest/lib,$(f) $($(2).parts:%=$(f)/%)) common))
$(O)/guest/$(1).$(2): $$(guest_objects.$(1).$(2)) $(O)/$($(2).script)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $($(2).link) -Wl,-T,$(O)/$($(2).script) $$(guest_objects.$(1).$(2)) -o $$@
endef
$(foreach e,$(environments),$(foreach g,$(call guests_of,$(e)),$(eval $(call guest_rules,$(g),$(e)))))

# --- Unit tests and fuzzers ------------------------------------------------------------------------------------------
# A test names what it links in lines `// links: evtchn/*.c common/format.c`; the test itself comes first.
SANITIZE ?= address,undefined
host_flags := -std=c11 -D_GNU_SOURCE -O1 -g -I. $(call warnings,$(HOST_CC)) -fno-omit-frame-pointer -fno-common \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all) $(HOST_EXTRA)
fuzz_flags := -std=c11 -D_GNU_SOURCE -O1 -g -I. $(filter-out -Wmissing-prototypes,$(call warnings,$(FUZZ_CC))) \
	-fno-omit-frame-pointer -fno-common -fno-sanitize-recover=all

$(O)/host.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(HOST_CC) $(host_flags) $(FUZZ_CC) $(fuzz_flags)' | cmp -s - $@ || \
	 echo '$(HOST_CC) $(host_flags) $(FUZZ_CC) $(fuzz_flags)' > $@

$(O)/obj/host/%.c.o: %.c $(O)/host.flags
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(host_flags) -MMD -MP -c $< -o $@

$(O)/obj/fuzz/%.c.o: %.c $(O)/host.flags
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(fuzz_flags) -DEVT_SHM_EXTERN -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c $< -o $@

# $(1) = program
define host_rules
host_objects.$(1) := $(call objects,host,tests/host/$(1).c $(call links_of,tests/host/$(1).c))
$(O)/host/$(1): $$(host_objects.$(1))
	$$(call say,HOSTLD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC) $$(host_flags) $$(host_objects.$(1)) -lcmocka -o $$@
endef

define fuzz_rules
fuzz_objects.$(1) := $(call objects,fuzz,tests/fuzz/$(1).c $(call links_of,tests/fuzz/$(1).c))
$(O)/fuzz/$(1): $$(fuzz_objects.$(1))
	$$(call say,FUZZLD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC) $$(fuzz_flags) -fsanitize=fuzzer,address,undefined $$(fuzz_objects.$(1)) -o $$@
endef
$(foreach t,$(host_tests),$(eval $(call host_rules,$(t))))
$(foreach t,$(fuzzers),$(eval $(call fuzz_rules,$(t))))

# The differential run (tests/fuzz/reference/) has the seam of evtchn/shm.h in its own hands.
reference_flags := $(subst -O1,-O2,$(host_flags)) -DEVT_SHM_EXTERN
reference_objects := $(call objects,reference,$(call sources,tests/fuzz/reference) $(call links_of,tests/fuzz/reference/main.c))

$(O)/obj/reference/%.c.o: %.c $(O)/host.flags
	$(call say,REFCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(reference_flags) -MMD -MP -c $< -o $@

$(O)/fuzz/reference: $(reference_objects)
	$(call say,REFLD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(reference_flags) $(reference_objects) -o $@

# Ten times as many random operations on the uses of frames as in `make test`.
pv-random: $(O)/host/test_pv_random
	$(Q)PV_OPERATIONS=5000000 $<

# What is measured is built as the hypervisor is: optimised, and without sanitizers.
bench_flags := -std=c11 -D_GNU_SOURCE -O2 -g -I. $(call warnings,$(HOST_CC)) -fno-omit-frame-pointer -fno-common
bench_objects := $(call objects,bench,tests/bench/bench_evtchn.c $(call links_of,tests/bench/bench_evtchn.c))

$(O)/obj/bench/%.c.o: %.c $(O)/host.flags
	$(call say,BENCHCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(bench_flags) -MMD -MP -c $< -o $@

$(O)/bench/bench_evtchn: $(bench_objects)
	$(call say,BENCHLD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(bench_flags) $(bench_objects) -o $@

# Mutants (tests/mutation/): the unit tests of the core in one program, quick to build and to run. A test that includes
# a source of the core, to give it another seam, is a program of its own.
core_tests := $(filter test_evtchn_%,$(host_tests))
lone_tests := $(patsubst tests/host/%.c,%,$(shell grep -l '^#include "evtchn/.*\.c"' $(core_tests:%=tests/host/%.c)))
unit_tests := $(filter-out $(lone_tests),$(core_tests))
unit_links := $(sort $(foreach t,$(unit_tests),$(call links_of,tests/host/$(t).c)))
mutant_flags := -std=c11 -D_GNU_SOURCE -O2 -I. -w -fno-common -pthread $(MUTANT_FLAGS)

$(O)/obj/mutant/tests/host/test_%.c.o: extra = -Dmain=main_$(notdir $*)
$(O)/obj/mutant/tests/mutation/unit.c.o: extra = '-DSUITES=$(foreach t,$(unit_tests),X($(t)))'

$(O)/mutant.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(HOST_CC) $(mutant_flags) $(unit_tests) $(lone_tests)' | cmp -s - $@ || \
	 echo '$(HOST_CC) $(mutant_flags) $(unit_tests) $(lone_tests)' > $@

$(O)/obj/mutant/%.c.o: %.c $(O)/mutant.flags
	$(call say,MUTANTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(mutant_flags) $(extra) -MMD -MP -c $< -o $@

# $(1) = program, $(2) = its sources
define mutant_rules
mutant_objects.$(1) := $(call objects,mutant,$(2))
$(O)/mutation/$(1): $$(mutant_objects.$(1))
	$$(call say,MUTANTLD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC) $(mutant_flags) $$(mutant_objects.$(1)) -lcmocka -o $$@
endef
$(eval $(call mutant_rules,unit,tests/mutation/unit.c $(unit_tests:%=tests/host/%.c) $(unit_links)))
$(foreach t,$(lone_tests),$(eval $(call mutant_rules,$(t),tests/host/$(t).c $(call links_of,tests/host/$(t).c))))
$(lone_tests:%=$(O)/obj/mutant/tests/host/%.c.o): extra =

# The interleaving explorer.
include tests/model/model.mk

# The runner builds what each part needs, so that each part runs even if another failed; it adds up and prints the last
# line.
runner = $(PYTHON) tools/test_runner.py --build $(O) --make '$(MAKE)' --cc '$(CC)'
run_host = --host $(host_tests) --fuzz $(fuzzers) --fuzz-runs $(FUZZ_RUNS) --abi32 --targets reference coverage wasm32 bench model-quick model-self mutation-smoke --reproducible
run_vm = --pytest $(wildcard tests/vm tests/boot tests/conformance)

test:
	+$(Q)$(runner) $(run_host) $(run_vm)

test-host:
	+$(Q)$(runner) $(run_host)

test-vm:
	+$(Q)$(runner) $(run_vm)

test-long:
	+$(Q)$(runner) --long --targets model pv-random mutation-sample $(run_vm)

fuzz:
	+$(Q)$(runner) --fuzz $(fuzzers) --fuzz-seconds $(FUZZ_SECONDS)
	+$(Q)$(MAKE) --no-print-directory reference REFERENCE_OPERATIONS=10000000

reference: $(O)/fuzz/reference
	$(Q)$< --operations $(REFERENCE_OPERATIONS)

# Without threads, whose counters would differ from run to run, and which are explained in tests/coverage-missing.
coverage_tests := $(filter-out test_evtchn_threads,$(filter test_evtchn_%,$(host_tests)))
coverage:
	+$(Q)$(MAKE) -s --no-print-directory O=$(O)/coverage HOST_CC=gcc SANITIZE= HOST_EXTRA=--coverage $(coverage_tests:%=$(O)/coverage/host/%)
	$(Q)find $(O)/coverage -name '*.gcda' -delete
	$(Q)for t in $(coverage_tests); do $(O)/coverage/host/$$t >$(O)/coverage/$$t.log 2>&1 || { tail $(O)/coverage/$$t.log; exit 1; }; done
	$(Q)$(PYTHON) tools/coverage.py --build $(O)

# --- Checks ----------------------------------------------------------------------------------------------------------
check:
	$(Q)CC='$(CC)' $(PYTHON) tools/check/check.py --build $(O)

counts: all
	$(Q)$(PYTHON) tools/counts.py --build $(O)

man_pages := $(patsubst docs/man/%,$(O)/man/%.txt,$(wildcard docs/man/*.[1-8]))

man: $(man_pages)
$(O)/man/%.txt: docs/man/%
	$(call say,MANDOC,$@)
	@mkdir -p $(@D)
	$(Q)mandoc -T ascii -O width=100 $< | sed 's/.\x08//g' > $@

conformance: all
	$(Q)$(PYTHON) tests/conformance/conformance.py --build $(O) $(if $(RECORD),--record)

bench: $(O)/bench/bench_evtchn $(O)/host/test_evtchn_cost
	$(Q)$(PYTHON) tests/bench/bench.py --build $(O)

mutate = $(PYTHON) tests/mutation/mutation.py --build $(O) --make '$(MAKE)'

mutation:
	+$(Q)$(mutate)

# What `make test` and `make test-long` run of it.
mutation-smoke:
	+$(Q)$(mutate) --smoke

mutation-sample:
	+$(Q)$(mutate) --one-in 8

wasm32:
	$(Q)$(PYTHON) tools/check/wasm32.py --build $(O)

reproducible: all
	+$(Q)$(PYTHON) tools/check/reproducible.py --build $(O) --make '$(MAKE)'

# --- Dependencies ----------------------------------------------------------------------------------------------------
-include $(shell find $(O)/obj $(O)/linker -name '*.d' 2>/dev/null)
