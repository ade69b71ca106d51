/* SPDX-License-Identifier: MIT */
#include "arch/x86/pci.h"

#include "arch/x86/io.h"

#define ADDRESS 0xcf8
#define DATA 0xcfc
#define ENABLE 0x80000000U
#define NOBODY 0xffffU /* vendor id */
#define HEADER 0x0c    /* bits 23-16 header type */
#define MULTIFUNCTION (1U << 23)

#define BUSES 256
#define DEVICES 32
#define FUNCTIONS 8

static void address(struct pci_function f, uint8_t offset)
{
    outl(ADDRESS, ENABLE | (uint32_t)f.bus << 16 | (uint32_t)f.device << 11 | (uint32_t)f.function << 8 | offset);
}

uint32_t pci_read(struct pci_function f, uint8_t offset)
{
    address(f, offset);
    return inl(DATA);
}

void pci_write(struct pci_function f, uint8_t offset, uint32_t value)
{
    address(f, offset);
    outl(DATA, value);
}

/* A machine without the mechanism does not remember the address. */
static bool works(void)
{
    outl(ADDRESS, ENABLE);
    return inl(ADDRESS) == ENABLE;
}

static bool is_there(struct pci_function f)
{
    return (pci_read(f, PCI_ID) & 0xffff) != NOBODY;
}

static bool find_in_device(struct pci_function f, bool (*visit)(struct pci_function f, void *data), void *data)
{
    unsigned functions = pci_read(f, HEADER) & MULTIFUNCTION ? FUNCTIONS : 1;
    for (unsigned n = 0; n < functions; n++) {
        f.function = (uint8_t)n;
        if (is_there(f) && visit(f, data))
            return true;
    }
    return false;
}

bool pci_find(bool (*visit)(struct pci_function f, void *data), void *data)
{
    if (!works())
        return false;
    for (unsigned n = 0; n < BUSES * DEVICES; n++) {
        struct pci_function f = {.bus = (uint8_t)(n / DEVICES), .device = n % DEVICES};
        if (is_there(f) && find_in_device(f, visit, data))
            return true;
    }
    return false;
}
