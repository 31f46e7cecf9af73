/* SPDX-License-Identifier: 0BSD */
/*
 * A supervisor: when its server fails, it starts another one and sends again what the failed one
 * had not started.  What was started must not be sent again, because it may have had its
 * effect.  The two are told apart by UMP_SERVER_GONE and UMP_NO_REPLY.
 */
#include <stdio.h>
#include <ump_server.h>

#define JOBS 8
/* The job at which the first server fails. */
#define BAD_JOB 3

struct worker {
	int generation;
};

static struct ump_flow work(void *self, const void *msg, ump_reply_context **rc)
{
	const struct worker *worker = self;
	int job = *(const int *)msg;
	int square = job * job;

	printf("server %d starts job %d\n", worker->generation, job);
	if (job == BAD_JOB)
		/* Fail, with the job half done and no reply. */
		return ump_break(NULL);
	ump_reply(rc, &square);
	return ump_continue();
}

static int hire(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = work};
	return 0;
}

struct supervisor {
	struct worker worker;
	ump_client *client;
	ump_task *task;
};

static int start(struct supervisor *supervisor)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};

	supervisor->worker.generation++;
	/* A task: this program is its own event loop, so its output has a defined order. */
	return ump_spawn_task(
		&config, hire, &supervisor->worker, &supervisor->client, &supervisor->task);
}

static void stop(struct supervisor *supervisor)
{
	ump_client_drop(&supervisor->client);
	ump_task_run(supervisor->task, UMP_FOREVER);
	ump_task_join(&supervisor->task, NULL);
}

/* Send all open jobs, run the server, and print what became of each.  Return the number of jobs
 * that are still open: those that were never started. */
static int send_round(struct supervisor *supervisor, bool *open)
{
	ump_completions *answers;
	struct ump_completion answer;
	static int jobs[JOBS];
	int left = 0;

	if (ump_completions_open(&answers) != UMP_OK)
		return -1;
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = i;
		if (open[i] && ump_client_req_completion(
				       supervisor->client, &jobs[i], answers, &jobs[i]) != UMP_OK)
			return -1;
	}
	(void)ump_task_dispatch(supervisor->task, 0);
	while (ump_completions_next(answers, &answer) == UMP_OK) {
		int job = *(const int *)answer.tag;

		open[job] = answer.result == UMP_SERVER_GONE;
		left += open[job];
		if (answer.result == UMP_OK)
			printf("job %d: %d\n", job, *(const int *)answer.reply);
		else
			printf("job %d: %s\n", job, ump_strerror(answer.result));
	}
	ump_completions_drop(&answers);
	return left;
}

int main(void)
{
	struct supervisor supervisor = {.worker.generation = 0};
	bool open[JOBS];
	int left = JOBS;

	for (int i = 0; i < JOBS; i++)
		open[i] = true;
	while (left > 0) {
		if (start(&supervisor) != UMP_OK)
			return 1;
		left = send_round(&supervisor, open);
		stop(&supervisor);
	}
	printf("%d servers\n", supervisor.worker.generation);
	return left != 0;
}
