/* SPDX-License-Identifier: MIT */
/*
 * Is the explorer itself right? Small programs with known outcomes, and random ones whose outcomes under the reduced
 * search must be those of the search that leaves out nothing.
 */
#ifndef TESTS_MODEL_LITMUS_H
#define TESTS_MODEL_LITMUS_H

/* Prints one line; 0: all is as it should be. */
int litmus_run(void);

#endif
