/* SPDX-License-Identifier: MIT */
#include "arch/x86/serial.h"

static const struct {
    const char *name;
    bool late;
} choices[SERIAL_CHOICES] = {
    [SERIAL_BEST] = {"best", true}, [SERIAL_COM1] = {"1", false}, [SERIAL_COM2] = {"2", false},
    [SERIAL_COM3] = {"3", false},   [SERIAL_COM4] = {"4", false}, [SERIAL_SPCR] = {"spcr", true},
    [SERIAL_DBG2] = {"dbg2", true}, [SERIAL_PCI] = {"pci", true}, [SERIAL_NONE] = {"none", false},
};

const char *serial_choice_name(enum serial_choice choice)
{
    return choices[choice].name;
}

bool serial_choice_is_late(enum serial_choice choice)
{
    return choices[choice].late;
}
