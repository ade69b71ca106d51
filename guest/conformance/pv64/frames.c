/* SPDX-License-Identifier: MIT */
/* What the hypervisor pushes for an exception, from both modes; and what the iret hypercall makes of its frame. */
#include "common/string.h"
#include "guest/conformance/pv64/ask.h"
#include "guest/lib/frame.h"
#include "guest/lib/trap.h"

#define WORDS 13U
#define FAILSAFE 256U
#define CODE 10U /* page of the pool with the code that faults */
#define STACK 11U
#define NOT_CANONICAL 0x0000900000000000ULL

extern const uint8_t catch_stubs[FAILSAFE + 1][16];
extern const uint8_t pv_event[], pv_syscall[]; /* guest/lib/pv64/traps.S */
extern uint64_t catch_rax, catch_rsp, catch_words[WORDS];
extern guest_word catch_sp;
uint64_t catch_rax, catch_rsp, catch_words[WORDS];
guest_word catch_sp;

struct fault {
    const char *name;
    uint8_t vector, size;
    bool has_error;
    uint8_t bytes[16];
};

static const struct fault faults[] = {
    {"de", 0, 4, false, {0x31, 0xC9, 0xF7, 0xF1}},
    {"db", 1, 10, false, {0x9C, 0x81, 0x0C, 0x24, 0x00, 0x01, 0x00, 0x00, 0x9D, 0x90}},
    {"bp", 3, 1, false, {0xCC}},
    {"ud", 6, 2, false, {0x0F, 0x0B}},
    {"gp", 13, 1, true, {0xF4}},
    {"ds", 13, 7, true, {0xB8, 0x34, 0x12, 0x00, 0x00, 0x8E, 0xD8}},
    {"pf", 14, 10, true, {0x48, 0x31, 0xC0, 0x48, 0xF7, 0xD0, 0xC6, 0x00, 0x00, 0x90}}, /* a write to ~0 */
};

/* --- Handlers --- */

static void load_handlers(uint8_t flags)
{
    static struct trap_info table[33];

    for (unsigned i = 0; i < 32; i++)
        table[i] = (struct trap_info){
            .vector = (uint8_t)i,
            .flags = flags,
            .cs = FLAT_RING3_CS64,
            .address = guest_address(catch_stubs[i]),
        };
    hv_set_trap_table(table);
    hv_set_callbacks(guest_address(pv_event), guest_address(catch_stubs[FAILSAFE]), guest_address(pv_syscall));
}

static void say_place(const char *name, uint64_t at)
{
    for (unsigned i = CODE; i <= STACK; i++)
        if (at - guest_address(pool[i]) <= GUEST_PAGE_SIZE) {
            cell_say(" %s @%u+%x", name, i, (unsigned)(at - guest_address(pool[i])));
            return;
        }
    cell_say(" %s %llx", name, (unsigned long long)at);
}

/* rcx, r11, [error,] rip, cs and the mask, rflags, rsp, ss. */
static void say_frame(int vector, bool has_error)
{
    const uint64_t *w = &catch_words[2];

    cell_say(" vector %d", vector);
    if (has_error)
        cell_say(" error %llx", (unsigned long long)*w++);
    say_place("rip", w[0]);
    cell_say(" cs %llx rflags %llx", (unsigned long long)w[1], (unsigned long long)(w[2] & ~0x8d5ULL));
    say_place("rsp", w[3]);
    cell_say(" ss %llx, aligned %s, handler masked %u", (unsigned long long)w[4],
             (catch_rsp + (has_error ? 8 : 0)) % 16 == 8 ? "yes" : "no", guest_vcpu()->info->evtchn_upcall_mask);
}

/* --- Exceptions --- */

static void run_kernel(void *arg)
{
    (void)arg;
    __asm__ volatile("mov %%rsp, %%rbp; mov %1, %%rsp; jmp *%0" ::"r"(pool[CODE]), "r"(&pool[STACK][256]) : "memory");
}

static void run_user(void *arg)
{
    (void)arg;
    env_user_call(pool[CODE]);
}

static void ask_fault(const struct fault *f, bool user, uint8_t flags, uint8_t masked)
{
    if (!pv_cell("trap/%s/%s/%s/%s", f->name, user ? "user" : "kernel", flags ? "if" : "-", masked ? "masked" : "open"))
        return;
    memcpy(pool[CODE], f->bytes, f->size);
    load_handlers(flags);
    guest_vcpu()->info->evtchn_upcall_mask = masked;
    int vector = trap_call(user ? run_user : run_kernel, NULL, &catch_sp);
    if (user) /* its stack is the library's */
        catch_words[f->has_error ? 6 : 5] = 0;
    say_frame(vector, f->has_error);
    env_upcalls_off();
    pv_load_traps();
    pv_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
    cell_end();
}

/* --- Returns: to an instruction that faults, so that its frame tells where the guest has come to --- */

static struct iret_context context;

static const struct iret {
    const char *name;
    uint64_t flags, cs, rflags, ss;
    uint64_t rip; /* 0: the code */
} returns[] = {
    {"kernel", 0, 0xe030, 0x202, 0xe02b, 0},
    {"kernel/rpl1", 0, 0xe031, 0x202, 0xe02b, 0},
    {"kernel/rpl2", 0, 0xe032, 0x202, 0xe02b, 0},
    {"kernel/masked", 0, 0xe030, 0x002, 0xe02b, 0},
    {"kernel/ss0", 0, 0xe030, 0x202, 0, 0},
    {"kernel/ss_ring0", 0, 0xe030, 0x202, 0xe028, 0},
    {"kernel/iopl3", 0, 0xe030, 0x3202, 0xe02b, 0},
    {"kernel/all_flags", 0, 0xe030, 0x257fd7 & ~0x100ULL, 0xe02b, 0},
    {"kernel/vm", 0, 0xe030, 0x20202, 0xe02b, 0},
    {"kernel/nt", 0, 0xe030, 0x4202, 0xe02b, 0},
    {"kernel/wide_flags", 0, 0xe030, 1ULL << 40 | 0x202, 0xe02b, 0},
    {"kernel/wide_cs", 0, 1ULL << 32 | 0xe030, 0x202, 0xe02b, 0},
    {"kernel/in_syscall", VGCF_in_syscall, 0xe030, 0x202, 0xe02b, 0},
    {"user", 0, 0xe033, 0x202, 0xe02b, 0},
    {"user/masked", 0, 0xe033, 0x002, 0xe02b, 0},
    {"user/in_syscall", VGCF_in_syscall, 0xe033, 0x202, 0xe02b, 0},
    {"user/in_syscall_masked", VGCF_in_syscall, 0xe033, 0x002, 0xe02b, 0},
    {"user/ss0", 0, 0xe033, 0x202, 0, 0},
    {"kernel/cs0", 0, 0, 0x202, 0xe02b, 0},
    {"kernel/cs_ring0", 0, 0xe008, 0x202, 0xe010, 0},
    {"kernel/cs_bad", 0, 0x1230, 0x202, 0xe02b, 0},
    {"kernel/cs_data", 0, 0xe02b & ~3ULL, 0x202, 0xe02b, 0},
    {"kernel/ss_bad", 0, 0xe030, 0x202, 0x1233, 0},
    {"kernel/not_canonical", 0, 0xe030, 0x202, 0xe02b, NOT_CANONICAL},
    {"user/not_canonical", 0, 0xe033, 0x202, 0xe02b, NOT_CANONICAL},
    {"user/in_syscall_not_canonical", VGCF_in_syscall, 0xe033, 0x202, 0xe02b, NOT_CANONICAL},
};

static void do_iret(void *arg)
{
    (void)arg;
    __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" ::"r"(&context) : "memory");
}

/* A kernel stack for what comes from user mode, and a root for that. */
static void prepare_user(void)
{
    pv_ext(MMUEXT_NEW_USER_BASEPTR, pv_root_mfn(), 0);
    hv_stack_switch(FLAT_RING3_SS64, guest_address(&pool[STACK][512]));
}

static void ask_return(const struct iret *r)
{
    static const uint8_t ud2[] = {0x0F, 0x0B};

    if (!pv_cell("iret/%s", r->name))
        return;
    memcpy(pool[CODE], ud2, sizeof(ud2));
    load_handlers(GUEST_ABI_TI_IF);
    prepare_user();
    context = (struct iret_context){
        .rax = 0xa,
        .r11 = 0x11,
        .rcx = 0xc,
        .flags = r->flags,
        .rip = r->rip ? r->rip : guest_address(pool[CODE]),
        .cs = r->cs,
        .rflags = r->rflags,
        .rsp = guest_address(&pool[STACK][256]),
        .ss = r->ss,
    };
    int vector = trap_call(do_iret, NULL, &catch_sp);
    cell_say(" rax %llx", (unsigned long long)catch_rax);
    say_place("rcx", catch_words[0]);
    cell_say(" r11 %llx", (unsigned long long)catch_words[1]);
    say_frame(vector, vector == TRAP_GP || vector == TRAP_PF);
    env_upcalls_off();
    pv_load_traps();
    pv_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
    cell_end();
}

void pv_ask_frames(void)
{
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        for (unsigned how = 0; how < 8; how++)
            ask_fault(&faults[i], how & 4, how & 2 ? GUEST_ABI_TI_IF : 0, how & 1);
    for (unsigned i = 0; i < sizeof(returns) / sizeof(returns[0]); i++)
        ask_return(&returns[i]);
}
