/* SPDX-License-Identifier: MIT */
/*
 * The unit tests of the event-channel core in one program: the names of those to run are its arguments, in order. The
 * name of each is printed before it starts, so the last line names the one that failed, crashed or never ended.
 */
#include <stdio.h>
#include <string.h>

#define X(name) int main_##name(void);
SUITES
#undef X

static const struct suite {
    const char *name;
    int (*run)(void);
} suites[] = {
#define X(name) {#name, main_##name},
    SUITES
#undef X
};

static int run(const char *name)
{
    for (unsigned i = 0; i < sizeof(suites) / sizeof(*suites); i++)
        if (strcmp(suites[i].name, name) == 0)
            return suites[i].run();
    return 1;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        printf("suite %s\n", argv[i]);
        fflush(stdout);
        if (run(argv[i]))
            return 1;
    }
    return 0;
}
