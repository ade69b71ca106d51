/* SPDX-License-Identifier: MIT */
#include "guest/abi/hvm.h"

#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

#define PARAM_VM86_TSS_SIZED 37

static void ask_param(uint32_t index)
{
    struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index, .value = 0x5A5A};
    guest_result get = hv_hvm_op(HVMOP_get_param, &p);

    note("get_param(%u), value %llx:", index, (unsigned long long)p.value);
    answer("that", get);
    if (get)
        p.value = 0;
    if (index == HVM_PARAM_CALLBACK_IRQ || index == PARAM_VM86_TSS_SIZED) /* the real Xen crashes a domain for size 0 */
        return;
    note("set_param(%u, %llx):", index, (unsigned long long)p.value);
    answer("that", hv_hvm_op(HVMOP_set_param, &p));
}

static void ask_set(const char *what, domid_t domid, uint32_t index, uint64_t value)
{
    struct xen_hvm_param p = {.domid = domid, .index = index, .value = value};

    answer(what, hv_hvm_op(HVMOP_set_param, &p));
    p.value = 0x5A5A;
    if (!hv_hvm_op(HVMOP_get_param, &p))
        note("then it reads %llx", (unsigned long long)p.value);
}

static void ask_vector(const char *what, unsigned vcpu, unsigned vector)
{
    struct xen_hvm_evtchn_upcall_vector v = {.vcpu = vcpu, .vector = (uint8_t)vector};

    answer(what, hv_hvm_op(HVMOP_set_evtchn_upcall_vector, &v));
}

static void ask_callback(void)
{
    uint64_t vector = (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << HVM_PARAM_CALLBACK_TYPE_SHIFT;

    ask_set("set_param(CALLBACK_IRQ, vector 0)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, vector);
    ask_set("set_param(CALLBACK_IRQ, vector 5)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, vector | 5);
    ask_set("set_param(CALLBACK_IRQ, vector 0x141)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, vector | 0x141);
    ask_set("set_param(CALLBACK_IRQ, type 3)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 3ULL << 56);
    ask_set("set_param(CALLBACK_IRQ, type 99)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 99ULL << 56);
    ask_set("set_param(CALLBACK_IRQ, GSI 9)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 9);
    ask_set("set_param(CALLBACK_IRQ, PCI INTx)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 1ULL << 56);
    ask_set("set_param(CALLBACK_IRQ, 0)", DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 0);
    ask_set("set_param(CALLBACK_IRQ, domain 5)", 5, HVM_PARAM_CALLBACK_IRQ, 0);
    ask_set("set_param(CALLBACK_IRQ, own domid)", (domid_t)guest_env.domid, HVM_PARAM_CALLBACK_IRQ, 0);
    env_set_upcall();
}

void probe_hvm(void)
{
    uint64_t now[3] = {0};
    struct xen_hvm_param other = {.domid = 5, .index = 1};

    for (uint32_t i = 0; i <= HVM_NR_PARAMS + 1; i++)
        ask_param(i);
    ask_param(0xFFFFFFFF);
    ASK(hv_hvm_op(HVMOP_get_param, UNMAPPED));
    ASK(hv_hvm_op(HVMOP_set_param, UNMAPPED));
    ASK(hv_hvm_op(HVMOP_get_param, &other));
    ask_callback();
    ask_vector("set_evtchn_upcall_vector(0, 15)", 0, 15);
    ask_vector("set_evtchn_upcall_vector(0, 0)", 0, 0);
    ask_vector("set_evtchn_upcall_vector(99, 64)", 99, 64);
    ASK(hv_hvm_op(HVMOP_set_evtchn_upcall_vector, UNMAPPED));
    ASK(hv_hvm_op(HVMOP_flush_tlbs, NULL));
    ASK(hv_hvm_op(HVMOP_flush_tlbs, now));
    ASK(hv_hvm_op(HVMOP_pagetable_dying, UNMAPPED));
    ASK(hv_hvm_op(HVMOP_get_time, now));
    note("get_time %llx %llx", (unsigned long long)now[0], (unsigned long long)now[1]);
    ASK(hv_hvm_op(HVMOP_get_time, UNMAPPED));
    ASK(hv_hvm_op(HVMOP_get_mem_type, UNMAPPED));
    for (unsigned cmd = 2; cmd < 28; cmd++) {
        if (cmd == 5 || cmd == 9 || cmd == 10 || cmd == 15 || cmd == 23)
            continue;
        note("hvm_op(%u, unmapped):", cmd);
        answer("that", hv_hvm_op(cmd, UNMAPPED));
    }
    ASK(hv_hvm_op(99, NULL));
    ASK(hv_hvm_op(0xFFFFFFFF, NULL));
}
