/* SPDX-License-Identifier: 0BSD */
/*
 * Scatter and gather: a question goes to several servers at once, and its answers come out of one
 * completion queue.  The first answer suffices, and the other requests are cancelled; or all
 * answers are gathered until one deadline.  The thread that asks never blocks but in
 * ump_completions_wait.
 */
#include <stdio.h>
#include <ump_server.h>

#define SHOPS   3
#define WAITERS 8

struct question {
	int item;
	/* The shops that are busy and do not answer now: one bit each. */
	unsigned busy;
};

struct shop {
	const char *name;
	unsigned number;
	int markup;
	/* Customers that wait until the shop closes. */
	ump_reply_context *waiting[WAITERS];
	int waiting_count;
	ump_client *client;
	ump_thread *thread;
};

/* One question to all shops: the numbers of the requests that have not come out yet; else 0. */
struct gather {
	struct shop *shops;
	ump_completions *answers;
	uint64_t ids[SHOPS];
};

/* ---- The servers ---------------------------------------------------------------------------- */

static struct ump_flow tell_price(void *self, const void *msg, ump_reply_context **rc)
{
	struct shop *shop = self;
	const struct question *question = msg;
	int price = question->item + shop->markup;

	if ((question->busy >> shop->number & 1) == 0)
		ump_reply(rc, &price);
	else if (shop->waiting_count < WAITERS)
		shop->waiting[shop->waiting_count++] = ump_reply_keep(rc);
	return ump_continue();
}

static struct ump_flow close_shop(void *self, struct ump_flow how)
{
	struct shop *shop = self;

	for (int i = 0; i < shop->waiting_count; i++)
		ump_reply_drop(&shop->waiting[i]);
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = tell_price;
	out->term = close_shop;
	return 0;
}

/* ---- Scatter -------------------------------------------------------------------------------- */

/* Ask all shops; the tag of an answer is its shop.  Returns how many requests were sent. */
static int scatter(struct gather *gather, struct question question, ump_time deadline)
{
	int sent = 0;

	for (int i = 0; i < SHOPS; i++) {
		struct shop *shop = &gather->shops[i];

		if (ump_client_req_completion_until(shop->client, &question, gather->answers, shop,
			    deadline, &gather->ids[i]) == UMP_OK)
			sent++;
	}
	return sent;
}

/* Get the end of one request.  Each comes out, at the deadline if not before. */
static int next(struct gather *gather, struct ump_completion *end)
{
	int result = ump_completions_wait(gather->answers, end, UMP_FOREVER);

	if (result == UMP_OK)
		gather->ids[((struct shop *)end->tag)->number] = 0;
	return result;
}

/* ---- Gather --------------------------------------------------------------------------------- */

/* Cancel what has not come out yet, and get all of it.  An answer may have been faster.  Returns
 * how many requests came out cancelled. */
static int cancel_rest(struct gather *gather)
{
	struct ump_completion end;
	int cancelled = 0;

	for (int i = 0; i < SHOPS; i++) {
		if (gather->ids[i] != 0)
			(void)ump_completions_cancel(gather->answers, gather->ids[i]);
	}
	while (next(gather, &end) == UMP_OK)
		cancelled += end.result == UMP_CANCELLED;
	return cancelled;
}

/* The first price, whichever shop tells it. */
static void first_of(struct gather *gather, struct question question, ump_time deadline)
{
	struct ump_completion end;
	const struct shop *shop = NULL;
	int price = 0;

	(void)scatter(gather, question, deadline);
	while (shop == NULL && next(gather, &end) == UMP_OK) {
		if (end.result != UMP_OK)
			continue;
		shop = end.tag;
		/* The reply is lent until the next completion is retrieved. */
		price = *(const int *)end.reply;
	}
	if (shop == NULL)
		printf("no price at all\n");
	else
		printf("the first price is %d, of the %s; %d cancelled\n", price, shop->name,
			cancel_rest(gather));
}

/* The lowest of the prices that are told before the deadline. */
static void all_of(struct gather *gather, struct question question, ump_time deadline)
{
	struct ump_completion end;
	int told = 0;
	int late = 0;
	int lowest = 0;

	(void)scatter(gather, question, deadline);
	while (next(gather, &end) == UMP_OK) {
		late += end.result == UMP_TIMED_OUT;
		if (end.result != UMP_OK)
			continue;
		if (told++ == 0 || *(const int *)end.reply < lowest)
			lowest = *(const int *)end.reply;
	}
	printf("%d prices, the lowest is %d; %d too late\n", told, lowest, late);
}

int main(void)
{
	struct shop shops[SHOPS] = {{.name = "market", .number = 0, .markup = 3},
		{.name = "corner shop", .number = 1, .markup = 5},
		{.name = "mall", .number = 2, .markup = 2}};
	struct gather gather = {.shops = shops};
	struct ump_config config = {
		.request.size = sizeof(struct question), .reply.size = sizeof(int)};
	const int64_t second = 1000000000;

	if (ump_completions_open(&gather.answers) != UMP_OK)
		return 1;
	for (int i = 0; i < SHOPS; i++) {
		config.name = shops[i].name;
		if (ump_spawn_thread(&config, build, &shops[i], &shops[i].client,
			    &shops[i].thread) != UMP_OK)
			return 1;
	}
	/* Only the corner shop is not busy. */
	first_of(&gather, (struct question){100, 5}, ump_after(60 * second));
	all_of(&gather, (struct question){200, 0}, ump_after(60 * second));
	/* The mall would be cheaper, but is busy for longer than that. */
	all_of(&gather, (struct question){300, 4}, ump_after(second / 2));
	first_of(&gather, (struct question){400, 7}, ump_after(second / 50));
	for (int i = 0; i < SHOPS; i++) {
		ump_client_drop(&shops[i].client);
		ump_thread_join(&shops[i].thread, NULL, UMP_FOREVER);
	}
	ump_completions_drop(&gather.answers);
	return 0;
}
