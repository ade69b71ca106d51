/* SPDX-License-Identifier: MIT */
#include "kernel/start.h"

#include <stdbool.h>

#include "common/error.h"
#include "guest/abi/errno.h"

/* Access rights (SDM vol. 3, 3.4.5, as virt.h numbers the bits). */
#define AR_TYPE_CODE (1U << 3)
#define AR_WRITABLE (1U << 1) /* data: may be written; code: may be read */
#define AR_S (1U << 4)
#define AR_DPL (3U << 5)
#define AR_P (1U << 7)
#define AR_L (1U << 13)
#define AR_DB (1U << 14)
#define AR_G (1U << 15)

#define AR_CODE32 0xc09bU
#define AR_CODE64 0xa09bU
#define AR_DATA 0xc093U
#define AR_TSS 0x008bU

#define CR0_PE (1ULL << 0)
#define CR0_ET (1ULL << 4)
#define CR0_PG (1ULL << 31)
#define CR4_PAE (1ULL << 5)
#define EFER_LME (1ULL << 8)
#define EFER_LMA (1ULL << 10)
#define EFER_NX (1ULL << 11)
#define EFER_SCE (1ULL << 0)
#define RFLAGS_ONE (1ULL << 1)
#define RFLAGS_VM (1ULL << 17)

static void flat_segments(struct vcpu_start *s, uint16_t code)
{
    struct vcpu_segment data = {.limit = 0xffffffff, .ar = AR_DATA};
    s->cs = (struct vcpu_segment){.limit = 0xffffffff, .ar = code};
    s->ds = s->es = s->ss = data;
    s->tr = (struct vcpu_segment){.limit = 0x67, .ar = AR_TSS};
}

void start_pvh(struct vcpu_start *s, uint32_t entry, uint32_t start_info)
{
    *s = (struct vcpu_start){.cr0 = CR0_PE | CR0_ET};
    s->regs.rip = entry;
    s->regs.rbx = start_info;
    s->regs.rflags = RFLAGS_ONE;
    flat_segments(s, AR_CODE32);
}

/* A present code or data segment at ring 0 whose limit fits its granularity. */
static bool segment_ok(const struct vcpu_segment *seg, bool code)
{
    if (!(seg->ar & AR_P) || !(seg->ar & AR_S) || (seg->ar & AR_DPL) || (seg->ar & AR_L))
        return false;
    if (!!(seg->ar & AR_TYPE_CODE) != code)
        return false;
    if (!code && !(seg->ar & AR_WRITABLE))
        return false;
    return seg->ar & AR_G ? (seg->limit & 0xfff) == 0xfff : seg->limit <= 0xfffff;
}

/* An empty data segment register (not present) is fine. */
static bool data_ok(const struct vcpu_segment *seg)
{
    return !(seg->ar & AR_P) || segment_ok(seg, false) || segment_ok(seg, true);
}

static bool tss_ok(const struct vcpu_segment *seg)
{
    return (seg->ar & AR_P) && !(seg->ar & AR_S) && (seg->ar & 0xf) == 0xb;
}

/* hvm_vcpu.h has AVL, L, D/B and G in bits 8-11, where virt.h leaves the gap of the descriptor. */
#define AR32_LOW 0x00ffU
#define AR32_HIGH 0x0f00U

static struct vcpu_segment segment(uint32_t base, uint32_t limit, uint16_t ar)
{
    return (struct vcpu_segment){
        .base = base, .limit = limit, .ar = (uint16_t)((ar & AR32_LOW) | (ar & AR32_HIGH) << 4)};
}

/* What hvm_vcpu.h calls unused in the attributes of a segment. */
static bool blank_ok(const struct vcpu_hvm_x86_32 *r)
{
    return !((r->cs_ar | r->ds_ar | r->ss_ar | r->es_ar | r->tr_ar) & ~(AR32_LOW | AR32_HIGH));
}

static int from_32(const struct vcpu_hvm_x86_32 *r, struct vcpu_start *s)
{
    s->regs = (struct guest_regs){.rax = r->eax,
                                  .rcx = r->ecx,
                                  .rdx = r->edx,
                                  .rbx = r->ebx,
                                  .rsp = r->esp,
                                  .rbp = r->ebp,
                                  .rsi = r->esi,
                                  .rdi = r->edi,
                                  .rip = r->eip};
    s->regs.rflags = r->eflags | RFLAGS_ONE;
    s->cr0 = r->cr0 | CR0_ET;
    s->cr3 = r->cr3;
    s->cr4 = r->cr4;
    s->efer = r->efer;
    s->cs = segment(r->cs_base, r->cs_limit, r->cs_ar);
    s->ds = segment(r->ds_base, r->ds_limit, r->ds_ar);
    s->ss = segment(r->ss_base, r->ss_limit, r->ss_ar);
    s->es = segment(r->es_base, r->es_limit, r->es_ar);
    s->tr = segment(r->tr_base, r->tr_limit, r->tr_ar);
    if (!blank_ok(r) || (r->eflags & RFLAGS_VM) || !segment_ok(&s->cs, true) || !segment_ok(&s->ss, false) ||
        !data_ok(&s->ds) || !data_ok(&s->es) || !tss_ok(&s->tr))
        return xen_error(XEN_EINVAL);
    return 0;
}

static int from_64(const struct vcpu_hvm_x86_64 *r, struct vcpu_start *s)
{
    s->regs = (struct guest_regs){.rax = r->rax,
                                  .rcx = r->rcx,
                                  .rdx = r->rdx,
                                  .rbx = r->rbx,
                                  .rsp = r->rsp,
                                  .rbp = r->rbp,
                                  .rsi = r->rsi,
                                  .rdi = r->rdi,
                                  .rip = r->rip};
    s->regs.rflags = r->rflags | RFLAGS_ONE;
    s->cr0 = r->cr0 | CR0_ET;
    s->cr3 = r->cr3;
    s->cr4 = r->cr4;
    s->efer = r->efer;
    if ((r->rflags & RFLAGS_VM) || !(r->cr0 & CR0_PE) || !(r->cr0 & CR0_PG) || !(r->cr4 & CR4_PAE) ||
        !(r->efer & EFER_LME) || !(r->efer & EFER_LMA))
        return xen_error(XEN_EINVAL);
    flat_segments(s, AR_CODE64);
    return 0;
}

int start_from_context(const struct vcpu_hvm_context *context, struct vcpu_start *start)
{
    int r = -XEN_EINVAL;
    *start = (struct vcpu_start){0};
    if (context->pad)
        return r;
    if (context->mode == VCPU_HVM_MODE_32B)
        r = from_32(&context->cpu_regs.x86_32, start);
    else if (context->mode == VCPU_HVM_MODE_64B)
        r = from_64(&context->cpu_regs.x86_64, start);
    if (r)
        return r;
    if (start->efer & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX))
        return xen_error(XEN_EINVAL);
    if (start->cr0 >> 32 || start->cr4 >> 32)
        return xen_error(XEN_EINVAL);
    return 0;
}
