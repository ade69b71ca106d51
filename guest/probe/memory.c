/* SPDX-License-Identifier: MIT */
#include "guest/lib/memory.h"

#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

static void ask_map(const char *what, domid_t domid, unsigned space, guest_word idx, guest_word gpfn)
{
    guest_add_to_physmap map = {.domid = domid, .space = space, .idx = idx, .gpfn = gpfn};

    answer(what, hv_memory_op(XENMEM_add_to_physmap, &map));
}

static void ask_remove(const char *what, domid_t domid, guest_word gpfn)
{
    guest_remove_from_physmap op = {.domid = domid, .gpfn = gpfn};

    answer(what, hv_memory_op(XENMEM_remove_from_physmap, &op));
}

static void ask_extents(const char *what, unsigned cmd, guest_word *list, guest_word nr, unsigned order, domid_t domid)
{
    guest_memory_reservation r = {
        .extent_start = guest_address(list), .nr_extents = nr, .extent_order = order, .domid = domid};

    answer(what, hv_memory_op(cmd, &r));
}

/* Where is shared_info after it has moved, where is the page that it replaced? */
static void ask_moving(void)
{
    guest_word a = (guest_word)env_frame(memory_pages(4)), b = a + 1, c = a + 2;
    domid_t self = DOMID_SELF;

    ASK(hv_memory_op(XENMEM_current_reservation, &self));
    ask_map("shared_info to RAM page a", DOMID_SELF, XENMAPSPACE_shared_info, 0, a);
    ASK(hv_memory_op(XENMEM_current_reservation, &self));
    ask_map("shared_info to RAM page b", DOMID_SELF, XENMAPSPACE_shared_info, 0, b);
    ASK(hv_memory_op(XENMEM_current_reservation, &self));
    ask_remove("remove_from_physmap(a, where it was)", DOMID_SELF, a);
    ask_map("gmfn: RAM page c to a hole", DOMID_SELF, XENMAPSPACE_gmfn, c, 0xC8008);
    ask_remove("remove_from_physmap(c, where it was)", DOMID_SELF, c);
    ask_map("shared_info home", DOMID_SELF, XENMAPSPACE_shared_info, 0, (guest_word)env_frame(guest_env.shared));
    note("shared_info at home works: mask word 0 is %llx", (unsigned long long)guest_env.shared->evtchn_mask[0]);
}

static void ask_add_to_physmap(void)
{
    guest_word page = (guest_word)env_frame(memory_pages(4)), shared = (guest_word)env_frame(guest_env.shared);

    ASK(hv_memory_op(XENMEM_add_to_physmap, NULL));
    ASK(hv_memory_op(XENMEM_add_to_physmap, UNMAPPED));
    ask_map("add_to_physmap(SELF, shared_info, idx 0, a RAM page)", DOMID_SELF, XENMAPSPACE_shared_info, 0, page);
    ask_map("add_to_physmap(SELF, shared_info, idx 0, its page again)", DOMID_SELF, XENMAPSPACE_shared_info, 0, page);
    ask_map("add_to_physmap(SELF, shared_info, idx 1)", DOMID_SELF, XENMAPSPACE_shared_info, 1, page);
    ask_map("add_to_physmap(SELF, shared_info, idx 0, gpfn of no RAM)", DOMID_SELF, XENMAPSPACE_shared_info, 0,
            0xC8000);
    ask_map("add_to_physmap(SELF, shared_info, idx 0, high gpfn)", DOMID_SELF, XENMAPSPACE_shared_info, 0, HIGH_GFN);
    ask_map("add_to_physmap(SELF, shared_info, idx 0, gpfn all ones)", DOMID_SELF, XENMAPSPACE_shared_info, 0,
            ~(guest_word)0);
    ask_map("add_to_physmap(SELF, grant_table, idx 0, a RAM page)", DOMID_SELF, XENMAPSPACE_grant_table, 0, 0xC8001);
    ask_map("add_to_physmap(SELF, grant_table, idx 100000)", DOMID_SELF, XENMAPSPACE_grant_table, 100000, 0xC8001);
    ask_map("add_to_physmap(SELF, gmfn, RAM, another gpfn)", DOMID_SELF, XENMAPSPACE_gmfn, page + 1, 0xC8002);
    ask_map("add_to_physmap(SELF, gmfn, no RAM)", DOMID_SELF, XENMAPSPACE_gmfn, 0xC9000, 0xC8003);
    ask_map("add_to_physmap(SELF, gmfn_range size 0)", DOMID_SELF, XENMAPSPACE_gmfn_range, page, 0xC8004);
    ask_map("add_to_physmap(SELF, gmfn_foreign)", DOMID_SELF, XENMAPSPACE_gmfn_foreign, page, 0xC8004);
    ask_map("add_to_physmap(SELF, dev_mmio)", DOMID_SELF, 5, page, 0xC8004);
    ask_map("add_to_physmap(SELF, space 6)", DOMID_SELF, 6, page, 0xC8004);
    ask_map("add_to_physmap(SELF, space 99)", DOMID_SELF, 99, page, 0xC8004);
    ask_map("add_to_physmap(domain 5, shared_info)", 5, XENMAPSPACE_shared_info, 0, page);
    ask_map("add_to_physmap(own domid, shared_info, home)", (domid_t)guest_env.domid, XENMAPSPACE_shared_info, 0,
            shared);
    ask_remove("remove_from_physmap(SELF, grant table page)", DOMID_SELF, 0xC8001);
    ask_remove("remove_from_physmap(SELF, no RAM)", DOMID_SELF, 0xC9999);
    ask_remove("remove_from_physmap(SELF, high gpfn)", DOMID_SELF, HIGH_GFN);
    ask_remove("remove_from_physmap(domain 5)", 5, page);
    ASK(hv_memory_op(XENMEM_remove_from_physmap, UNMAPPED));
}

static void ask_reservations(void)
{
    guest_word list[2] = {(guest_word)env_frame(memory_pages(1)), 0xC8010};

    ASK(hv_memory_op(XENMEM_increase_reservation, UNMAPPED));
    ASK(hv_memory_op(XENMEM_populate_physmap, UNMAPPED));
    ASK(hv_memory_op(XENMEM_decrease_reservation, UNMAPPED));
    ask_extents("decrease_reservation(1 page)", XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF);
    ask_extents("decrease_reservation(the same page)", XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF);
    ask_extents("populate_physmap(that page)", XENMEM_populate_physmap, list, 1, 0, DOMID_SELF);
    ask_extents("populate_physmap(it is there already)", XENMEM_populate_physmap, list, 1, 0, DOMID_SELF);
    list[0] = 0xC9001;
    ask_extents("decrease_reservation(no RAM)", XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF);
    ask_extents("populate_physmap(2 pages in a hole)", XENMEM_populate_physmap, list, 2, 0, DOMID_SELF);
    ask_extents("decrease_reservation(those)", XENMEM_decrease_reservation, list, 2, 0, DOMID_SELF);
    ask_extents("populate_physmap(nr 0)", XENMEM_populate_physmap, list, 0, 0, DOMID_SELF);
    ask_extents("decrease_reservation(nr 0)", XENMEM_decrease_reservation, list, 0, 0, DOMID_SELF);
    ask_extents("populate_physmap(list unmapped)", XENMEM_populate_physmap, UNMAPPED, 1, 0, DOMID_SELF);
    ask_extents("decrease_reservation(list unmapped)", XENMEM_decrease_reservation, UNMAPPED, 1, 0, DOMID_SELF);
    ask_extents("populate_physmap(list NULL)", XENMEM_populate_physmap, NULL, 1, 0, DOMID_SELF);
    ask_extents("populate_physmap(huge nr)", XENMEM_populate_physmap, list, HUGE_COUNT, 0, DOMID_SELF);
    ask_extents("populate_physmap(order 60)", XENMEM_populate_physmap, list, 1, 60, DOMID_SELF);
    ask_extents("populate_physmap(order 31)", XENMEM_populate_physmap, list, 1, 31, DOMID_SELF);
    ask_extents("decrease_reservation(order 60)", XENMEM_decrease_reservation, list, 1, 60, DOMID_SELF);
    ask_extents("decrease_reservation(order 20)", XENMEM_decrease_reservation, list, 1, 20, DOMID_SELF);
    ask_extents("increase_reservation(1, order 0)", XENMEM_increase_reservation, list, 1, 0, DOMID_SELF);
    ask_extents("populate_physmap(domain 5)", XENMEM_populate_physmap, list, 1, 0, 5);
    list[0] = HIGH_GFN;
    ask_extents("populate_physmap(high gpfn)", XENMEM_populate_physmap, list, 1, 0, DOMID_SELF);
    ask_extents("decrease_reservation(high gpfn)", XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF);
}

static void ask_maps(void)
{
    static struct e820entry e[64];
    guest_memory_map map = {.nr_entries = 64, .buffer = guest_address(e)};

    ASK(hv_memory_op(XENMEM_memory_map, &map));
    note("%u entries", map.nr_entries);
    map.nr_entries = 1;
    ASK(hv_memory_op(XENMEM_memory_map, &map));
    note("room for 1: %u entries", map.nr_entries);
    map.nr_entries = 0;
    ASK(hv_memory_op(XENMEM_memory_map, &map));
    note("room for 0: %u entries", map.nr_entries);
    map = (guest_memory_map){.nr_entries = 64, .buffer = guest_address(UNMAPPED)};
    ASK(hv_memory_op(XENMEM_memory_map, &map));
    ASK(hv_memory_op(XENMEM_memory_map, UNMAPPED));
    ASK(hv_memory_op(XENMEM_machine_memory_map, UNMAPPED));
    ASK(hv_memory_op(XENMEM_set_memory_map, UNMAPPED));
}

void probe_memory(void)
{
    domid_t self = DOMID_SELF, five = 5;

    ask_maps();
    ASK(hv_memory_op(XENMEM_maximum_ram_page, NULL));
    ASK(hv_memory_op(XENMEM_current_reservation, &self));
    ASK(hv_memory_op(XENMEM_current_reservation, &five));
    ASK(hv_memory_op(XENMEM_current_reservation, UNMAPPED));
    ASK(hv_memory_op(XENMEM_maximum_reservation, &self));
    ASK(hv_memory_op(XENMEM_maximum_gpfn, &self));
    ASK(hv_memory_op(XENMEM_maximum_gpfn, UNMAPPED));
    ASK(hv_memory_op(XENMEM_machphys_mfn_list, UNMAPPED));
    ASK(hv_memory_op(XENMEM_machphys_mapping, UNMAPPED));
    ASK(hv_memory_op(XENMEM_exchange, UNMAPPED));
    ASK(hv_memory_op(XENMEM_get_pod_target, UNMAPPED));
    ASK(hv_memory_op(XENMEM_add_to_physmap_batch, UNMAPPED));
    ask_add_to_physmap();
    ask_moving();
    ask_reservations();
    ASK(hv_memory_op(8, NULL));
    ASK(hv_memory_op(50, NULL));
    ASK(hv_memory_op(63, NULL));
    ASK(hv_memory_op(0xFFFFFFFF, NULL));
}
