/* SPDX-License-Identifier: MIT */
/*
 * The unit tests of the event-channel core in one program. Its arguments are those to run, in order, each with the
 * processor time that it may take: NAME=SECONDS. The name of each is printed before it starts and its time afterwards,
 * so the last line names the one that failed, crashed or never ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

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

/* SIGPROF ends the program when the time is up. */
static void limit(double seconds)
{
    struct itimerval timer = {.it_value.tv_sec = (time_t)seconds};

    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    setitimer(ITIMER_PROF, &timer, NULL);
}

static int run(const char *name, size_t length)
{
    for (unsigned i = 0; i < sizeof(suites) / sizeof(*suites); i++)
        if (strlen(suites[i].name) == length && memcmp(suites[i].name, name, length) == 0)
            return suites[i].run();
    return 1;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "=");
        clock_t start = clock();
        printf("suite %.*s\n", (int)length, argv[i]);
        fflush(stdout);
        limit(argv[i][length] ? atof(argv[i] + length + 1) : 600);
        if (run(argv[i], length))
            return 1;
        printf("took %.*s %.3f\n", (int)length, argv[i], (double)(clock() - start) / CLOCKS_PER_SEC);
    }
    return 0;
}
