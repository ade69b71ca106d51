/* SPDX-License-Identifier: MIT */
#include "guest/conformance/conformance.h"

/* The word size of a pv domain is fixed when it is built: there is no other to tell. */
void conformance_width(void)
{
}
