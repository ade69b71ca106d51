/* SPDX-License-Identifier: MIT */
/* Configuration space of PCI segment 0 by configuration mechanism 1 (PCI 3.0, 3.2.2.3.2). Boot CPU. */
#ifndef ARCH_X86_PCI_H
#define ARCH_X86_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_ID 0x00
#define PCI_COMMAND 0x04
#define PCI_CLASS 0x08 /* bits 31-24 class, 23-16 subclass, 15-8 programming interface, 7-0 revision */
#define PCI_BAR0 0x10

#define PCI_COMMAND_IO (1U << 0)
#define PCI_COMMAND_MEMORY (1U << 1)

struct pci_function {
    uint8_t bus, device, function;
};

/* A register of 32 bits at an offset that is a multiple of 4. */
uint32_t pci_read(struct pci_function f, uint8_t offset);
void pci_write(struct pci_function f, uint8_t offset, uint32_t value);
/* Each function that answers, by bus, device and function, until visit() says true; then so does this. */
bool pci_find(bool (*visit)(struct pci_function f, void *data), void *data);

#endif
