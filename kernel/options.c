/* SPDX-License-Identifier: MIT */
#include "kernel/options.h"

#include <stddef.h>

#include "arch/x86/layout.h"
#include "common/format.h"
#include "common/string.h"

#define WORD_MAX 64

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARNING] = "warning",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

static bool set_log(struct options *o, const char *value)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(value, level_names[i]) == 0) {
            o->log = (enum log_level)i;
            return true;
        }
    return false;
}

static bool set_audit(struct options *o, const char *value)
{
    o->audit = strcmp(value, "yes") == 0;
    return o->audit || strcmp(value, "no") == 0;
}

static bool set_x2apic(struct options *o, const char *value)
{
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0)
        return false;
    o->x2apic = yes ? APIC_X2APIC : APIC_XAPIC;
    return true;
}

static const char *const clock_names[] = {
    [TIME_CLOCK_HPET] = "hpet",
    [TIME_CLOCK_PM] = "pm",
    [TIME_CLOCK_PIT] = "pit",
};

static bool set_clock(struct options *o, const char *value)
{
    for (unsigned i = TIME_CLOCK_HPET; i < sizeof clock_names / sizeof clock_names[0]; i++)
        if (strcmp(value, clock_names[i]) == 0) {
            o->clock = (enum time_clock)i;
            return true;
        }
    return false;
}

/* A decimal number from min to max. */
static bool set_number(uint32_t *field, const char *value, uint32_t min, uint32_t max)
{
    uint64_t n = 0;
    if (*value == '\0')
        return false;
    for (; *value; value++) {
        if (*value < '0' || *value > '9')
            return false;
        n = n * 10 + (uint64_t)(*value - '0');
        if (n > max)
            return false;
    }
    if (n < min)
        return false;
    *field = (uint32_t)n;
    return true;
}

static bool set_maxcpus(struct options *o, const char *value)
{
    return set_number(&o->maxcpus, value, 1, 100000);
}

static bool set_timeslice(struct options *o, const char *value)
{
    return set_number(&o->timeslice, value, 1, 1000);
}

static bool set_com(struct options *o, const char *value)
{
    for (unsigned i = 0; i < SERIAL_CHOICES; i++)
        if (strcmp(value, serial_choice_name((enum serial_choice)i)) == 0) {
            o->com = (enum serial_choice)i;
            return true;
        }
    return false;
}

static bool set_baud(struct options *o, const char *value)
{
    return set_number(&o->baud, value, SERIAL_BAUD_MIN, SERIAL_BAUD_MAX);
}

static bool set_selftest(struct options *o, const char *value)
{
    return *value && format(o->selftest, sizeof o->selftest, "%s", value) < (int)sizeof o->selftest;
}

static bool set_poweroff(struct options *o, const char *value)
{
    (void)value;
    o->ending = ENDING_OFF;
    return true;
}

static bool set_noreboot(struct options *o, const char *value)
{
    (void)value;
    o->ending = ENDING_STAY;
    return true;
}

static bool set_report(struct options *o, const char *value)
{
    (void)value;
    o->report = true;
    return true;
}

static const struct option {
    const char *name;
    bool has_value;
    bool (*set)(struct options *o, const char *value); /* false: the value is no good */
    const char *values;                                /* for the warning */
} table[] = {
    {"log", true, set_log, "error, warning, info or debug"},
    {"maxcpus", true, set_maxcpus, "a number from 1"},
    {"timeslice", true, set_timeslice, "milliseconds from 1 to 1000"},
    {"clock", true, set_clock, "hpet, pm or pit"},
    {"x2apic", true, set_x2apic, "yes or no"},
    {"com", true, set_com, "best, 1, 2, 3, 4, spcr, dbg2, pci or none"},
    {"baud", true, set_baud, "a speed from 300 to 115200"},
    {"audit", true, set_audit, "yes or no"},
    {"selftest", true, set_selftest, "the name of a test"},
    {"report", false, set_report, ""},
    {"noreboot", false, set_noreboot, ""},
    {"poweroff", false, set_poweroff, ""},
};

static void apply_word(char *word, struct options *o, options_warn_fn warn)
{
    char sentence[OPTIONS_WARNING_MAX];
    char *value = strchr(word, '=');
    if (value)
        *value++ = '\0';
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct option *opt = &table[i];
        if (strcmp(word, opt->name) != 0)
            continue;
        if (opt->has_value && (!value || !opt->set(o, value)))
            format(sentence, sizeof sentence, "option %s=%s is ignored: it takes %s", word, value ? value : "",
                   opt->values);
        else if (!opt->has_value && value)
            format(sentence, sizeof sentence, "option %s=%s is ignored: %s takes no value", word, value, word);
        else if (opt->has_value || opt->set(o, ""))
            return;
        warn(sentence);
        return;
    }
    format(sentence, sizeof sentence, "unknown option \"%s\" is ignored", word);
    warn(sentence);
}

static bool is_file_name(const char *word)
{
    return strchr(word, '/') || (strncmp(word, "xenolith", 8) == 0 && !strchr(word, '='));
}

void options_parse(const char *line, struct options *options, options_warn_fn warn)
{
    bool first = true;
    *options = (struct options){.log = LOG_INFO, .maxcpus = MAX_CPUS, .timeslice = 10};
    while (*line) {
        char word[WORD_MAX];
        size_t n = 0;
        while (*line == ' ' || *line == '\t')
            line++;
        for (; *line && *line != ' ' && *line != '\t'; line++)
            if (n < sizeof word - 1)
                word[n++] = *line;
        word[n] = '\0';
        if (n && !(first && is_file_name(word)))
            apply_word(word, options, warn);
        first = false;
    }
}
