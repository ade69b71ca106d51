/* SPDX-License-Identifier: MIT */
// links: kernel/config.c common/format.c
/* A configuration line from anybody: values stay in their ranges, strings end, an error is a sentence that ends. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"

static void check_config(const struct domain_config *config)
{
    assert(memchr(config->name, '\0', sizeof(config->name)));
    assert(memchr(config->file, '\0', sizeof(config->file)));
    assert(memchr(config->cmdline, '\0', sizeof(config->cmdline)));
    assert(memchr(config->ramdisk_of, '\0', sizeof(config->ramdisk_of)));
    assert(config->memory >= 1 << 20 && config->memory <= 1ULL << 40 && config->memory % 4096 == 0);
    assert(config->vcpus >= 1 && config->vcpus <= 128 && config->event_channels >= 1);
    assert(config->cpus != 0 && config->evtchn_extended <= 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1), *error = malloc(CONFIG_ERROR_MAX);
    struct domain_config *config = malloc(sizeof(*config));

    if (!line || !error || !config)
        abort();
    memcpy(line, data, size);
    line[size] = '\0';
    memset(error, 'E', CONFIG_ERROR_MAX);
    if (config_parse(line, config, error) == 0) {
        assert(error[0] == '\0');
        check_config(config);
    } else {
        assert(memchr(error, '\0', CONFIG_ERROR_MAX) && error[0]);
    }
    free(line);
    free(error);
    free(config);
    return 0;
}
