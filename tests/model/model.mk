# SPDX-License-Identifier: MIT
# The interleaving explorer (docs/design/model.md); a part of the Makefile.

# evtchn/, guest/lib and kernel/poll.c as they are, but instrumented: tests/model/access.c stands where the compiler expects a sanitizer.
# guest/lib's variables go into the section that the model restores between schedules.
model_flags := -std=c11 -O1 -g -I. $(call warnings,$(HOST_CC)) -fno-common -fno-stack-protector -DEVT_SHM_EXTERN
model_own_flags := $(model_flags) -D_GNU_SOURCE -O2
model_core_flags := $(model_flags) -ffreestanding -fsanitize=thread -fno-omit-frame-pointer -mno-red-zone -mgeneral-regs-only \
	$(if $(findstring clang,$(HOST_CC)),,--param tsan-instrument-func-entry-exit=0)
model_guest_flags := $(model_core_flags) -include tests/model/rename.h
model_renames := --redefine-sym memset=access_memset --redefine-sym memcpy=access_memcpy
model_sections := --set-section-flags .bss=alloc,load,contents,data --rename-section .bss=model_state,alloc,load,contents,data \
	--rename-section .data=model_state

model_core := $(wildcard evtchn/*.c) common/format.c kernel/poll.c
model_guest := $(addprefix guest/lib/,events.c fifo.c memory.c three_level.c upcall.c)
model_own := $(wildcard tests/model/*.c tests/model/scenarios/*.c tests/model/*.S)
model_objects := $(patsubst %,$(O)/obj/model/%.o,$(model_core) $(model_guest) $(model_own))

$(O)/model.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(HOST_CC) $(model_own_flags) $(model_guest_flags)' | cmp -s - $@ || \
	 echo '$(HOST_CC) $(model_own_flags) $(model_guest_flags)' > $@

# $(1) = folder, $(2) = flags, $(3) = objcopy's arguments
define model_rules
$(O)/obj/model/$(1)/%.o: $(1)/% $(O)/model.flags
	$$(call say,MODELCC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC) $(2) -MMD -MP -c $$< -o $$@
	$(if $(3),$$(Q)objcopy $(3) $$@)
endef
$(eval $(call model_rules,evtchn,$(model_core_flags),$(model_renames)))
$(eval $(call model_rules,kernel,$(model_core_flags),$(model_renames)))
$(eval $(call model_rules,common,$(model_core_flags),$(model_renames)))
$(eval $(call model_rules,guest,$(model_guest_flags),$(model_renames) $(model_sections)))
$(eval $(call model_rules,tests/model,$(model_own_flags),))

$(O)/model/model: $(model_objects)
	$(call say,MODELLD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) -no-pie $(model_objects) -o $@

# The same for the memory core of the pv container, in a world of its own.
model_pv_core := $(patsubst %,arch/x86/pv/%.c,descriptor frame list mmu_update mmuext table update va_mapping vcpu_set) kernel/pages.c arch/x86/tlb.c \
	tests/model/pv/inline/tlb.c
model_pv_own := $(addprefix tests/model/,explore.c machine.c access.c plain.c state.c story.c switch.S) $(wildcard tests/model/pv/*.c)
model_pv_objects := $(patsubst %,$(O)/obj/model/%.o,$(model_pv_core) $(model_pv_own))
model_pv_flags := $(model_core_flags) -DPV_ENTRIES=16U
$(eval $(call model_rules,arch/x86/pv,$(model_pv_flags),$(model_renames)))

# tlb.c and what is inline in tlb.h, on the explorer's processor.
model_tlb_flags := $(model_core_flags) -include tests/model/pv/tlb_seam.h
$(eval $(call model_rules,arch/x86,$(model_tlb_flags),$(model_renames) $(model_sections)))
$(eval $(call model_rules,tests/model/pv/inline,$(model_tlb_flags),$(model_renames)))

$(O)/model/pv: $(model_pv_objects)
	$(call say,MODELLD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) -no-pie $(model_pv_objects) -o $@

model: $(O)/model/model $(O)/model/pv
	$(Q)$<
	$(Q)$(O)/model/pv

# What `make test` runs of it, and of the explorer's own tests.
model-quick: $(O)/model/model $(O)/model/pv
	$(Q)$< --quick
	$(Q)$(O)/model/pv --quick

model-self: $(O)/model/model
	$(Q)$< --litmus
	+$(Q)$(PYTHON) tests/model/mutants.py --build $(O) --make '$(MAKE)'

# A mutant (tests/model/mutants.py): MUTATED, one source, is taken from the folder MUTANT instead. A header (tlb.h) is
# seen by the one source that has instances of what is inline there.
ifdef MUTANT
mutant_source := $(if $(filter %.h,$(MUTATED)),tests/model/pv/inline/tlb.c,$(MUTATED))
mutant_flags := $(if $(filter tests/%,$(MUTATED)),$(model_own_flags),$(if $(filter arch/x86/tlb.%,$(MUTATED)),$(model_tlb_flags),$(if $(filter arch/%,$(MUTATED)),$(model_pv_flags),$(model_core_flags))))
$(MUTANT)/$(mutant_source).o: $(MUTANT)/$(MUTATED) $(O)/model.flags
	$(call say,MUTANTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) -iquote $(MUTANT) $(mutant_flags) -w -c $(if $(filter %.h,$<),$(mutant_source),$<) -o $@
	$(Q)objcopy $(model_renames) $(if $(filter arch/x86/tlb.%,$(MUTATED)),$(model_sections)) $@

$(MUTANT)/model: $(filter-out $(O)/obj/model/$(mutant_source).o,$(model_objects)) $(MUTANT)/$(mutant_source).o
	$(call say,MUTANTLD,$@)
	$(Q)$(HOST_CC) -no-pie $^ -o $@

$(MUTANT)/pv: $(filter-out $(O)/obj/model/$(mutant_source).o,$(model_pv_objects)) $(MUTANT)/$(mutant_source).o
	$(call say,MUTANTLD,$@)
	$(Q)$(HOST_CC) -no-pie $^ -o $@
endif
