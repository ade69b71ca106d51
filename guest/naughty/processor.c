/* SPDX-License-Identifier: MIT */
#include "guest/lib/cpu.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

void check_machine_ports(void)
{
    cpu_out8(0xF4, 0x10);
    cpu_out8(0x64, 0xFE);
    cpu_out8(0x92, 0x01);
    CHECK_VALUE(cpu_in8(0x64), 0xFF);
    CHECK_VALUE(cpu_in8(0x3FD), 0xFF);
    CHECK_VALUE(cpu_in16(0x1234), 0xFFFF);
    CHECK_VALUE(cpu_in32(0xCFC), 0xFFFFFFFF);
}

void run_svm(void *arg)
{
    __asm__ volatile("vmrun" ::"a"(arg));
}

void run_vmx(void *arg)
{
    (void)arg;
    __asm__ volatile("vmxoff");
}
