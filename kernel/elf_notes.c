/* SPDX-License-Identifier: MIT */
/* Xen's notes (public header elfnote.h) in both forms: as ELF notes, and as the string of the section __xen_guest. */
#include "common/string.h"
#include "guest/abi/elfnote.h"
#include "guest/abi/version.h"
#include "kernel/elf.h"

#define PAGE_SHIFT 12
#define NR_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

struct text {
    const char *at;
    uint64_t n;
};

/* What a note or a key of the string sets from its value; false: the value makes no sense. */
typedef bool (*note_handler)(struct elf_notes *notes, struct text value);

/* The text at data: n bytes, or up to a 0 byte. */
static struct text text_of(const uint8_t *data, uint64_t n)
{
    struct text text = {(const char *)data, 0};

    while (text.n < n && data[text.n] != '\0')
        text.n++;
    return text;
}

static bool is(struct text text, const char *word)
{
    return text.n == strlen(word) && memcmp(text.at, word, text.n) == 0;
}

static bool begins(struct text text, const char *word)
{
    size_t n = strlen(word);

    return text.n >= n && memcmp(text.at, word, n) == 0;
}

static struct text skip(struct text text, uint64_t n)
{
    return (struct text){text.at + n, text.n - n};
}

/* The text up to the separator; *rest begins behind that. */
static struct text take_until(struct text *rest, char separator)
{
    struct text part = {rest->at, 0};

    while (part.n < rest->n && part.at[part.n] != separator)
        part.n++;
    *rest = skip(*rest, part.n < rest->n ? part.n + 1 : part.n);
    return part;
}

/* --- Values that are texts, the same in both forms */

static bool take_version(struct elf_notes *notes, struct text value)
{
    notes->other_version = !begins(value, "xen-3.0");
    return true;
}

static bool take_loader(struct elf_notes *notes, struct text value)
{
    notes->other_loader = !is(value, "generic");
    return true;
}

/* The bit of a feature, or 0. The names of public header features.h. */
static uint32_t feature_bit(struct text name)
{
    static const char *const names[] = {
        [XENFEAT_writable_page_tables] = "writable_page_tables",
        [XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
        [XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
        [XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
        [XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
        [XENFEAT_mmu_pt_update_preserve_ad] = "mmu_pt_update_preserve_ad",
        [XENFEAT_highmem_assist] = "highmem_assist",
        [XENFEAT_gnttab_map_avail_bits] = "gnttab_map_avail_bits",
        [XENFEAT_hvm_callback_vector] = "hvm_callback_vector",
        [XENFEAT_hvm_safe_pvclock] = "hvm_safe_pvclock",
        [XENFEAT_hvm_pirqs] = "hvm_pirqs",
        [XENFEAT_dom0] = "dom0",
        [XENFEAT_grant_map_identity] = "grant_map_identity",
        [XENFEAT_memory_op_vnode_supported] = "memory_op_vnode_supported",
        [XENFEAT_linux_rsdp_unrestricted] = "linux_rsdp_unrestricted",
        [XENFEAT_not_direct_mapped] = "not_direct_mapped",
        [XENFEAT_direct_mapped] = "direct_mapped",
    };

    for (unsigned i = 0; i < NR_ELEMENTS(names); i++)
        if (names[i] && is(name, names[i]))
            return 1U << i;
    return 0;
}

/* name|!name|...: with '!' the kernel can't do without. */
static bool take_features(struct elf_notes *notes, struct text value)
{
    while (value.n > 0) {
        struct text name = take_until(&value, '|');
        bool required = begins(name, "!");
        uint32_t bit = feature_bit(required ? skip(name, 1) : name);

        notes->features |= bit;
        if (required)
            notes->required |= bit;
        notes->requires_unknown |= required && !bit;
    }
    return true;
}

/* --- ELF notes */

static bool is_number(uint32_t type)
{
    static const bool numbers[ELF_NR_NOTES] = {
        [XEN_ELFNOTE_ENTRY] = true,        [XEN_ELFNOTE_HYPERCALL_PAGE] = true, [XEN_ELFNOTE_VIRT_BASE] = true,
        [XEN_ELFNOTE_PADDR_OFFSET] = true, [XEN_ELFNOTE_HV_START_LOW] = true,   [XEN_ELFNOTE_SUSPEND_CANCEL] = true,
        [XEN_ELFNOTE_INIT_P2M] = true,     [XEN_ELFNOTE_MOD_START_PFN] = true,  [XEN_ELFNOTE_SUPPORTED_FEATURES] = true,
    };

    return numbers[type];
}

const char *elf_take_note(struct elf_notes *notes, uint32_t type, const uint8_t *desc, uint32_t size)
{
    static const note_handler texts[ELF_NR_NOTES] = {
        [XEN_ELFNOTE_XEN_VERSION] = take_version,
        [XEN_ELFNOTE_LOADER] = take_loader,
        [XEN_ELFNOTE_FEATURES] = take_features,
    };

    if (type >= ELF_NR_NOTES || elf_has_note(notes, type))
        return NULL;
    if (is_number(type) && size != 4 && size != 8)
        return "a note of the image that should be a number is neither 4 nor 8 bytes long";
    if (is_number(type))
        notes->number[type] = elf_number(desc, size);
    if (texts[type])
        texts[type](notes, text_of(desc, size));
    if (type == XEN_ELFNOTE_SUPPORTED_FEATURES)
        notes->features |= (uint32_t)notes->number[type];
    notes->given |= 1U << type;
    return NULL;
}

/* --- The string */

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

/* A number as C writes it: decimal, or hexadecimal behind 0x. */
static bool text_number(struct text text, uint64_t *number)
{
    unsigned base = begins(text, "0x") || begins(text, "0X") ? 16 : 10;

    if (base == 16)
        text = skip(text, 2);
    *number = 0;
    for (uint64_t i = 0; i < text.n; i++) {
        unsigned digit = digit_value(text.at[i]);

        if (digit >= base || *number > (UINT64_MAX - digit) / base)
            return false;
        *number = *number * base + digit;
    }
    return text.n > 0;
}

static const struct string_key {
    const char *name;
    uint8_t note;      /* XEN_ELFNOTE_* that it stands for */
    note_handler take; /* of a text; NULL: it is a number */
} string_keys[] = {
    {"VIRT_ENTRY", XEN_ELFNOTE_ENTRY, NULL},
    {"HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE, NULL},
    {"VIRT_BASE", XEN_ELFNOTE_VIRT_BASE, NULL},
    {"ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET, NULL},
    {"XEN_VER", XEN_ELFNOTE_XEN_VERSION, take_version},
    {"LOADER", XEN_ELFNOTE_LOADER, take_loader},
    {"FEATURES", XEN_ELFNOTE_FEATURES, take_features},
};

/* One KEY=VALUE or KEY. */
static bool take_word(struct elf_notes *notes, struct text word)
{
    struct text key = take_until(&word, '=');

    for (unsigned i = 0; i < NR_ELEMENTS(string_keys); i++) {
        const struct string_key *k = &string_keys[i];

        if (!is(key, k->name))
            continue;
        notes->given |= 1U << k->note;
        return k->take ? k->take(notes, word) : text_number(word, &notes->number[k->note]);
    }
    return true;
}

/* Where the string means something else than the notes: the default of one offset, and the hypercall page's number. */
static void complete_string(struct elf_notes *notes)
{
    uint64_t *number = notes->number;

    if (!elf_has_note(notes, XEN_ELFNOTE_PADDR_OFFSET))
        number[XEN_ELFNOTE_PADDR_OFFSET] = number[XEN_ELFNOTE_VIRT_BASE];
    if (elf_has_note(notes, XEN_ELFNOTE_HYPERCALL_PAGE))
        number[XEN_ELFNOTE_HYPERCALL_PAGE] =
            number[XEN_ELFNOTE_VIRT_BASE] + (number[XEN_ELFNOTE_HYPERCALL_PAGE] << PAGE_SHIFT);
}

const char *elf_take_string(struct elf_notes *notes, const uint8_t *string, uint64_t n)
{
    struct text rest = text_of(string, n);

    if (notes->given)
        return NULL;
    notes->is_legacy = true;
    while (rest.n > 0)
        if (!take_word(notes, take_until(&rest, ',')))
            return "a number in the image's section __xen_guest makes no sense";
    complete_string(notes);
    return NULL;
}
