/* SPDX-License-Identifier: 0BSD */
/*
 * Delayed posts to a task, on one thread: each post has a plan of its own here, against which every
 * call, leftover and drop is checked.
 */
#include "life/life_world.h"

#define MOST 32
#define HELD 4

struct later {
	ump_time due;
	ump_time last;
	/* In use; and what the controller has set. */
	int64_t period;
	int64_t wanted;
	bool called;
	bool paused;
	/* Cancelled, or its only call was made. */
	bool ended;
	/* Its call is under way, and it was not cancelled. */
	bool running;
	/* The handler, `leftover` or `drop` has got the value: number of times. */
	int given;
};

static struct {
	ump_client *client;
	ump_post_client *post_client;
	ump_task *task;
	struct later plans[MOST];
	int count;
	/* Controllers, and the numbers of their posts. */
	ump_delayed *held[HELD];
	int numbers[HELD];
	ump_time latest;
	bool broke;
	bool leftovers;
	/* The handler has suspended; until `resumed`, with a break or not, nothing is called. */
	bool suspended;
	bool resumed;
	bool breaks;
	/* It has suspended in this dispatch, or before. */
	bool cut;
	ump_suspension *suspension;
} its;

static struct later *plan_of(const void *msg)
{
	return &its.plans[*(const int *)msg];
}

static void give(struct later *plan)
{
	EXPECT("[once]", plan->given == 0);
	plan->given++;
	plan->ended = true;
}

/* ---- Callbacks ----------------------------------------------------------------------------- */

static void resume(bool breaks)
{
	int result = its.task != NULL ? UMP_OK : UMP_SERVER_GONE;

	if (its.suspension == NULL)
		return;
	its.resumed = true;
	its.breaks = breaks;
	EXPECT("[suspend]", ump_task_resume(&its.suspension,
				    breaks ? ump_break(&its) : ump_continue()) == result);
}

/* The handler goes on, if it was resumed. */
static void go_on(void)
{
	if (!its.suspended || !its.resumed)
		return;
	its.suspended = false;
	its.broke = its.broke || its.breaks;
	for (int i = 0; i < its.count; i++)
		its.plans[i].running = false;
}

/* Suspend, and perhaps resume at once. */
static struct ump_flow suspend(struct later *plan, uint8_t choice)
{
	plan->running = true;
	its.cut = true;
	its.suspension = ump_suspend();
	EXPECT("[suspend]", its.suspension != NULL && ump_suspend() == NULL);
	its.suspended = true;
	its.resumed = false;
	if (choice % 4 == 0)
		resume(choice % 8 == 0);
	return ump_pending();
}

static struct ump_flow on_post(void *self, const void *msg)
{
	struct later *plan = plan_of(msg);
	uint8_t choice = input_byte(&life.input);

	(void)self;
	EXPECT("[suspend]", !its.suspended || its.resumed);
	go_on();
	EXPECT("[timer]", !plan->ended && !plan->paused && plan->due <= life.now);
	EXPECT("[timer]", its.latest <= plan->due && !its.broke);
	its.latest = plan->due;
	plan->called = true;
	if (plan->period == 0) {
		give(plan);
	} else {
		while (plan->due <= life.now) {
			plan->last = plan->due;
			plan->due += plan->period;
		}
	}
	for (int i = 0; i < HELD && choice < 32; i++) {
		if (its.held[i] == NULL || &its.plans[its.numbers[i]] != plan)
			continue;
		EXPECT("[timer]", ump_delayed_cancel(its.held[i]) == UMP_EMPTY);
		plan->ended = true;
	}
	if (choice >= 200 && choice < 248)
		return suspend(plan, choice);
	its.broke = choice >= 248;
	return its.broke ? ump_break(&its) : ump_continue();
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	go_on();
	EXPECT("[timer]", its.broke && rc == NULL && !plan_of(msg)->ended);
	give(plan_of(msg));
}

static void on_drop(void *value)
{
	struct later *plan = plan_of(value);

	EXPECT("[once]", plan->given == 0);
	plan->given++;
	plan->ended = true;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){
		.post = on_post, .leftover = its.leftovers ? on_leftover : NULL};
	return 0;
}

/* ---- Controllers --------------------------------------------------------------------------- */

static void send(unsigned slot)
{
	uint8_t when = input_byte(&life.input);
	ump_time due = when >= 248 ? -1 : life.now + when % 16 - 2;
	uint8_t choice = input_byte(&life.input);
	int64_t period = choice >= 128 ? 1 + choice % 8 : 0;
	bool fails = (choice & 64) != 0;
	int result;

	if (its.count == MOST || its.client == NULL)
		return;
	ump_delayed_drop(&its.held[slot]);
	its.plans[its.count] =
		(struct later){.due = due > 0 ? due : 0, .period = period, .wanted = period};
	its.numbers[slot] = its.count;
	life_fail_in(fails ? 1 : 0);
	if ((choice & 16) != 0)
		result = ump_post_client_post_at(its.post_client, &its.count, due, period,
			(choice & 32) != 0 ? NULL : &its.held[slot]);
	else
		result = ump_client_post_at(its.client, &its.count, due, period,
			(choice & 32) != 0 ? NULL : &its.held[slot]);
	life_fail_in(0);
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY && its.held[slot] == NULL);
		return;
	}
	EXPECT("[timer]", result == (its.broke || its.task == NULL ? UMP_SERVER_GONE : UMP_OK));
	its.count += result == UMP_OK;
}

/* What is refused, and leaves no controller. */
static void misuse(void)
{
	ump_delayed *out = its.held[0];

	EXPECT("[misuse]", ump_delayed_cancel(NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_delayed_pause(NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_delayed_resume(NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_delayed_set_period(NULL, 1) == UMP_INVALID);
	ump_delayed_drop(NULL);
	EXPECT("[misuse]", ump_client_post_at(NULL, &its.count, 0, 0, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_post_at(NULL, &its.count, 0, 0, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_post_at(NULL, &its.count, 0, 0, &out) == UMP_INVALID);
	EXPECT("[misuse]", out == NULL);
	out = its.held[0];
	EXPECT("[misuse]", ump_post_client_post_at(NULL, &its.count, 0, 0, &out) == UMP_INVALID);
	EXPECT("[misuse]", out == NULL);
	if (its.client == NULL)
		return;
	EXPECT("[misuse]", ump_client_post_at(its.client, NULL, 0, 0, &out) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_post_at(its.client, &its.count, 0, -1, &out) == UMP_INVALID);
}

static void change(unsigned slot, unsigned what)
{
	struct later *plan = &its.plans[its.numbers[slot]];
	ump_delayed *held = its.held[slot];
	int expected = plan->ended && !plan->running ? UMP_EMPTY : UMP_OK;

	if (held == NULL) {
		misuse();
		return;
	}
	switch (what) {
	case 0:
		EXPECT("[timer]",
			ump_delayed_cancel(held) == (plan->running ? UMP_EMPTY : expected));
		plan->ended = plan->ended || plan->running;
		plan->running = false;
		EXPECT("[once]", plan->ended && (plan->given == 1 || plan->called));
		break;
	case 1:
		EXPECT("[timer]", ump_delayed_pause(held) == expected);
		plan->paused = true;
		break;
	case 2:
		EXPECT("[timer]", ump_delayed_resume(held) == expected);
		plan->paused = false;
		break;
	default:
		if (plan->period == 0)
			expected = UMP_INVALID;
		EXPECT("[timer]", ump_delayed_set_period(held, (int64_t)what) == expected);
		EXPECT("[misuse]", ump_delayed_set_period(held, 0) == UMP_INVALID);
		plan->wanted = expected == UMP_OK ? (int64_t)what : plan->wanted;
	}
}

/* ---- The loop ------------------------------------------------------------------------------ */

static void ended(void)
{
	for (int i = 0; i < its.count; i++)
		EXPECT("[once]", its.plans[i].ended && its.plans[i].given == 1);
}

static void dispatch(void)
{
	bool goes_on;

	if (its.task == NULL)
		return;
	for (int i = 0; i < its.count; i++) {
		struct later *plan = &its.plans[i];

		if (plan->called && plan->wanted != plan->period)
			plan->due = plan->last + plan->wanted;
		plan->period = plan->wanted;
	}
	its.latest = 0;
	its.cut = its.suspended;
	do {
		goes_on = ump_task_dispatch(its.task, 0);
		go_on();
		/* A suspension has cut a batch or the due calls short. */
	} while (goes_on && its.cut && !its.suspended &&
		 (life_is_raised(ump_task_fd(its.task)) || ump_task_due(its.task) <= life.now));
	EXPECT("[drain]", goes_on == (its.suspended || (!its.broke && its.client != NULL)));
	for (int i = 0; i < its.count && goes_on && !its.suspended; i++) {
		const struct later *plan = &its.plans[i];

		EXPECT("[timer]", plan->ended || plan->paused || plan->due > life.now);
	}
	if (goes_on)
		return;
	ended();
	EXPECT("[task]", ump_task_join(&its.task, NULL) == UMP_OK);
}

static void drop_clients(void)
{
	ump_post_client_drop(&its.post_client);
	ump_client_drop(&its.client);
}

static void operate(void)
{
	uint8_t choice = input_byte(&life.input);
	unsigned slot = choice / 8 % HELD;

	switch (choice % 8) {
	case 0:
	case 1:
		send(slot);
		break;
	case 2:
		life.now += choice / 8 % 8;
		break;
	case 3:
	case 4:
		dispatch();
		break;
	case 5:
		ump_delayed_drop(&its.held[slot]);
		break;
	case 6:
		change(slot, input_byte(&life.input) % 8);
		break;
	default:
		if (choice < 224)
			resume(choice >= 192);
		else if (choice >= 240)
			drop_clients();
	}
}

void life_delayed(void)
{
	struct ump_config config = {.post = {sizeof(int), on_drop}};
	uint8_t choice = input_byte(&life.input);

	memset(&its, 0, sizeof its);
	its.leftovers = (choice & 1) != 0;
	EXPECT("[clean]", ump_spawn_task(&config, build, NULL, &its.client, &its.task) == UMP_OK);
	EXPECT("[clean]", ump_client_post_client(its.client, &its.post_client) == UMP_OK);
	while (!input_is_over(&life.input))
		operate();
	if ((choice & 4) == 0)
		resume(false);
	/* A drop of the task is a break. */
	its.broke = its.broke || (choice & 2) != 0;
	if ((choice & 2) != 0)
		ump_task_drop(&its.task);
	resume(false);
	drop_clients();
	dispatch();
	/* A post may have suspended before the end. */
	while (its.suspension != NULL || its.suspended) {
		resume(false);
		dispatch();
		its.suspended = its.suspended && its.task != NULL;
	}
	ended();
	for (unsigned i = 0; i < HELD; i++)
		ump_delayed_drop(&its.held[i]);
}
