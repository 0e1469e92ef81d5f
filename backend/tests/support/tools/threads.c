/*
 * Many threads that live: starts them at a rate, lets each wait for a CPU several times, and keeps them.
 *
 *     threads COUNT RATE WAKEUPS
 *
 * At most RATE threads a second are started until there are COUNT: what the machine holds up is not made up for. Each
 * sleeps for 20 ms WAKEUPS times, with a wait after each sleep, and then blocks. When all have done so it prints
 *
 *     COUNT threads in MILLISECONDS ms
 *
 * and lives on with all of them until its stdin is closed.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const uint64_t SECOND = 1000000000;

/* The least that glibc allows; sixty thousand of them are a gigabyte of addresses, of which little is used. */
static const size_t STACK = 16 << 10;

/* A thread that starts later than this, in ns, moves those that follow. */
static const uint64_t LATE = 20000000;

/* In ns. On some virtual machines the kernel's events are missing for 5 ms once a second, for every tracer: a thread that
 * had all its waits in such a time would be unknown. */
static const uint64_t SLEEP = 20000000;

static long wakeups;
static sem_t done;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void *sleep_and_stay(void *unused)
{
	struct timespec time = { 0, SLEEP };

	for (long n = 0; n < wakeups; n++)
		nanosleep(&time, NULL);
	sem_post(&done);
	for (;;)
		pause();
	return unused;
}

int main(int count, char **words)
{
	if (count != 4) {
		fprintf(stderr, "usage: threads COUNT RATE WAKEUPS\n");
		return 2;
	}
	long threads = atol(words[1]);
	double rate = atof(words[2]);
	uint64_t start = now();
	uint64_t moment = start;
	pthread_attr_t small;

	wakeups = atol(words[3]);
	sem_init(&done, 0, 0);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	for (long n = 0; n < threads; n++) {
		struct timespec time = { moment / SECOND, moment % SECOND };
		pthread_t thread;

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
		moment += SECOND / rate;
		if (now() > moment + LATE)
			moment = now();
		if ((errno = pthread_create(&thread, &small, sleep_and_stay, NULL))) {
			fprintf(stderr, "thread %ld: ", n + 1);
			perror("pthread_create");
			return 1;
		}
	}
	for (long n = 0; n < threads; n++)
		sem_wait(&done);
	printf("%ld threads in %lu ms\n", threads, (now() - start) / (SECOND / 1000));
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
