/* SPDX-License-Identifier: MIT */
#include "guest/conformance/pv64/ask.h"

void conformance_pv(void)
{
    pv_ask_start();
    pv_ask_entries();
    pv_ask_update();
    pv_ask_ext();
    pv_ask_calls();
    pv_ask_vcpu();
    pv_ask_code();
    pv_ask_stores();
    pv_ask_descriptors();
    pv_ask_frames();
}
