/*
 * A storm of short processes: starts and reaps them at a rate that a shell is far too slow for.
 *
 *     storm RATE SECONDS PARENTS [exec]
 *
 * PARENTS processes share RATE processes a second among them. Each child is made by vfork, which copies no page tables,
 * so that one CPU makes more than 10,000 a second; it ends at once or, with `exec`, executes this program again first.
 * A parent that falls behind catches up with at most a tenth of a second. At the end it prints, in one line:
 *
 *     CHILDREN children in MILLISECONDS ms
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t SECOND = 1000000000;

/* Children that are made between two looks at the clock. */
enum { BATCH = 10 };

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void wait_until(uint64_t moment)
{
	struct timespec time = { moment / SECOND, moment % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* One short life, from birth to burial. */
static void live_and_die(char *program)
{
	char *arguments[] = { "child", NULL };
	char *environment[] = { NULL };
	pid_t child = vfork();

	if (child == 0) {
		if (program)
			execve(program, arguments, environment);
		_exit(0);
	}
	if (child < 0)
		die("vfork");
	if (waitpid(child, NULL, 0) != child)
		die("waitpid");
}

/* Returns how many children it has had. */
static uint64_t parent(uint64_t start, uint64_t end, double rate, char *program)
{
	uint64_t children = 0;
	uint64_t pause = BATCH * SECOND / rate;
	uint64_t next = start;

	while (now() < end) {
		for (int n = 0; n < BATCH; n++)
			live_and_die(program);
		children += BATCH;
		next += pause;
		if (now() > next + SECOND / 10)
			next = now() - SECOND / 10;
		wait_until(next);
	}
	return children;
}

int main(int count, char **words)
{
	if (count == 1)
		return 0;
	if (count < 4 || (count == 5 && strcmp(words[4], "exec")) || count > 5) {
		fprintf(stderr, "usage: storm RATE SECONDS PARENTS [exec]\n");
		return 2;
	}
	double rate = atof(words[1]);
	int parents = atoi(words[3]);
	char *program = count == 5 ? "/proc/self/exe" : NULL;
	uint64_t start = now();
	uint64_t end = start + atof(words[2]) * SECOND;
	int pipes[2];

	if (pipe(pipes))
		die("pipe");
	for (int n = 0; n < parents; n++) {
		pid_t child = fork();

		if (child < 0)
			die("fork");
		if (child == 0) {
			/* They don't outlive the first process, which a test may kill. */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			uint64_t children = parent(start, end, rate / parents, program);

			_exit(write(pipes[1], &children, sizeof(children)) != sizeof(children));
		}
	}
	uint64_t sum = 0;

	for (int n = 0; n < parents; n++) {
		uint64_t children;
		int status;

		if (wait(&status) < 0 || status || read(pipes[0], &children, sizeof(children)) < 0)
			die("a parent has failed");
		sum += children;
	}
	printf("%lu children in %lu ms\n", sum, (now() - start) / (SECOND / 1000));
	return 0;
}
