/* SPDX-License-Identifier: 0BSD */
/*
 * A shop, proved as bank.c is: it asks another server, whose workers know the prices, and answers
 * its own caller when the price comes; it holds its loop until then.  A timer throws its note away.
 * The program sends delayed posts, watches the ends of its servers, and gives requests up.
 *
 * The library's own calls get `void *`.  Each only calls a typed function: both have a contract,
 * and those with `void *` are proved with -wp-model Typed+Cast.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ump_server/typed.h>

#define SECOND INT64_C(1000000000)

struct article {
	int number;
};
struct price {
	int amount;
};
struct order {
	int article;
};
struct note {
	char *text; /* has one owner, or NULL */
};

/*@ UMP_MESSAGE(struct article, msg, 0, \true) */
/*@ UMP_MESSAGE(struct price, reply, 0, 0 <= reply->amount <= 1000) */
/*@ UMP_MESSAGE(struct order, msg, 0, \true) */
/*@ UMP_MESSAGE(int, reply, 0, 0 <= *reply <= 1000) */
/*@ UMP_MESSAGE(struct note, msg, UMP_AT(msg->text), \true) */

UMP_TYPED(prices, struct article, struct price, UMP_NONE, UMP_NONE);

#define SHOP_CODES(code) code(SHOP_BUSY, 1, "another order waits") code(SHOP_UNKNOWN, 2, "no price")
UMP_TYPED(shop, struct order, int, struct note, SHOP_CODES);

/* ---- The workers that know the prices ------------------------------------------------------- */

struct prices {
	int asked;
};

/*@ UMP_SERVER(struct prices, self, a, 0, \false, 0 <= self->asked) */

/*@ requires open: UMP_REQUEST(self, msg, rc);
  @ assigns UMP_ANSWER(rc), self->asked;
  @ ensures settled: UMP_SETTLED(rc);
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static struct ump_flow price(
	struct prices *self, const struct article *msg, prices_reply_context *rc)
{
	struct price price = {msg->number < 0 || msg->number > 100 ? 0 : msg->number * 10};

	self->asked = self->asked < 1000 ? self->asked + 1 : 0;
	prices_reply(rc, &price);
	return ump_continue();
}

UMP_TYPED_HANDLER(prices, price_handler, .request = price);

/* ---- The shop ------------------------------------------------------------------------------- */

struct shop {
	prices_client prices;       /* a client, or none */
	shop_reply_context waiting; /* a kept context, or none */
	char *text;
	uint64_t question; /* the number of its request, or 0 */
	uint64_t timer;
};

/*@ UMP_SERVER(struct shop, self, a,
  @     (self->prices.untyped == \null ? 0 : 1) + (self->waiting.untyped == \null ? 0 : 1)
  @         + (self->text == \null ? 0 : 1),
  @     a == UMP_AT(self->prices.untyped) || a == UMP_AT(self->waiting.untyped)
  @         || a == UMP_AT(self->text),
  @     UMP_KEPT(self->waiting) && (self->waiting.untyped == \null <==> self->question == 0)
  @     && UMP_DISTINCT(self->prices.untyped, self->waiting.untyped)
  @     && UMP_DISTINCT(self->prices.untyped, self->text)
  @     && UMP_DISTINCT(self->waiting.untyped, self->text)) */

/* The price has come, or will not come. */
/*@ requires answered: UMP_ANSWERED(self, result, reply);
  @ assigns self->waiting.untyped, self->question, UMP_OWNERSHIP;
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static struct ump_flow priced(struct shop *self, int result, const struct price *reply)
{
	self->question = 0;
	if (self->waiting.untyped == NULL)
		return ump_continue();
	if (result == UMP_OK) {
		int amount = reply->amount;
		shop_reply(&self->waiting, &amount);
	} else {
		shop_reply_fail(&self->waiting, SHOP_UNKNOWN);
	}
	return ump_continue();
}

/*@ requires answered: UMP_ANSWERED((struct shop *)self, result, (struct price *)reply);
  @ assigns ((struct shop *)self)->waiting.untyped, ((struct shop *)self)->question, UMP_OWNERSHIP;
  @ ensures held: UMP_HELD((struct shop *)self);
  @ ensures counted: UMP_COUNTED((struct shop *)self);
  @ ensures sound: ump_sound((struct shop *)self);
  @*/
static struct ump_flow on_price(void *self, void *arg, int result, const void *reply)
{
	(void)arg;
	return priced(self, result, prices_answer(reply));
}

/*@ requires open: UMP_REQUEST(self, msg, rc);
  @ assigns UMP_ANSWER(rc), self->waiting, self->question;
  @ ensures settled: UMP_SETTLED(rc);
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static struct ump_flow order(struct shop *self, const struct order *msg, shop_reply_context *rc)
{
	struct article article = {msg->article};
	ump_time deadline = shop_deadline_inherit(*rc, ump_after(SECOND));
	int result;

	if (self->waiting.untyped != NULL || self->prices.untyped == NULL) {
		shop_reply_fail(rc, SHOP_BUSY);
		return ump_continue();
	}
	self->waiting = shop_reply_keep(rc);
	(void)shop_reply_hold(self->waiting);
	result = prices_client_ask(
		self->prices, &article, deadline, on_price, NULL, &self->question);
	if (result != UMP_OK)
		shop_reply_fail(&self->waiting, SHOP_UNKNOWN);
	return ump_continue();
}

/*@ requires open: UMP_POST(self, msg);
  @ assigns self->text, UMP_OWNERSHIP;
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static struct ump_flow note(struct shop *self, const struct note *msg)
{
	free(self->text);
	self->text = msg->text;
	return ump_continue();
}

/* The timer's call. */
/*@ requires due: UMP_DUE(self);
  @ assigns self->text, UMP_OWNERSHIP;
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static struct ump_flow tidy(struct shop *self)
{
	free(self->text);
	self->text = NULL;
	return ump_continue();
}

/*@ requires due: UMP_DUE((struct shop *)self);
  @ assigns ((struct shop *)self)->text, UMP_OWNERSHIP;
  @ ensures held: UMP_HELD((struct shop *)self);
  @ ensures counted: UMP_COUNTED((struct shop *)self);
  @ ensures sound: ump_sound((struct shop *)self);
  @*/
static struct ump_flow on_time(void *self, void *arg, uint64_t count)
{
	(void)arg;
	(void)count;
	return tidy(self);
}

/*@ requires open: UMP_IDLE(self);
  @ requires usable: UMP_USABLE(me.untyped);
  @ assigns self->timer, UMP_OWNERSHIP;
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static int start(struct shop *self, shop_weak_client me)
{
	(void)me;
	return ump_timer_start(on_time, NULL, ump_after(SECOND), 60 * SECOND, &self->timer);
}

/*@ requires open: UMP_IDLE(self);
  @ assigns self->prices.untyped, self->waiting.untyped, UMP_OWNERSHIP;
  @ ensures released: UMP_RELEASED;
  @*/
static void drop(struct shop *self)
{
	free(self->text);
	shop_reply_drop(&self->waiting);
	prices_client_drop(&self->prices);
}

/*@ requires open: UMP_UNDELIVERED(value);
  @ assigns UMP_OWNERSHIP;
  @ ensures released: UMP_RELEASED;
  @*/
static void drop_note(struct note *value)
{
	free(value->text);
}

UMP_TYPED_HANDLER(shop, shop_handler, .init = start, .request = order, .post = note, .drop = drop,
	.drop_post = drop_note);

/* ---- The program ---------------------------------------------------------------------------- */

/* Send a note that is read in a minute, unless it is cancelled. */
/*@ requires usable: UMP_USABLE(client.untyped);
  @ assigns UMP_OWNERSHIP;
  @ ensures same: ump_owned == \old(ump_owned) && ump__one_is == \old(ump__one_is);
  @*/
static int remind(shop_client client, bool cancel)
{
	struct note note = {strdup("a note")};
	ump_delayed *delayed = NULL;
	int result;

	if (note.text == NULL)
		return UMP_NO_MEMORY;
	result = shop_client_post_at(client, &note, ump_after(60 * SECOND), 0, &delayed);
	if (ump_sent_is_mine(result)) {
		free(note.text);
		return result;
	}
	if (cancel)
		result = ump_delayed_cancel(delayed);
	ump_delayed_drop(&delayed);
	return result;
}

/* An empty note, again and again, for a while. */
/*@ requires usable: UMP_USABLE(client.untyped);
  @ assigns UMP_OWNERSHIP;
  @ ensures same: ump_owned == \old(ump_owned) && ump__one_is == \old(ump__one_is);
  @*/
static int repeat(shop_client client, int64_t period)
{
	struct note note = {NULL};
	ump_delayed *delayed = NULL;
	int result;

	if (period <= 0)
		return UMP_INVALID;
	result = shop_client_post_at(client, &note, ump_after(period), period, &delayed);
	if (result != UMP_OK)
		return result;
	(void)ump_delayed_set_period(delayed, period);
	(void)ump_delayed_cancel(delayed);
	ump_delayed_drop(&delayed);
	return UMP_OK;
}

/* Order, and give the order up. */
/*@ requires usable: UMP_USABLE(client.untyped);
  @ assigns UMP_OWNERSHIP;
  @ ensures same: ump_owned == \old(ump_owned) && ump__one_is == \old(ump__one_is);
  @*/
static int change_mind(shop_client client)
{
	struct order order = {7};
	ump_completions *completions = NULL;
	uint64_t id = 0;
	int result = ump_completions_open(&completions);

	if (result != UMP_OK)
		return result;
	result = shop_client_watch(client, completions, NULL);
	if (result == UMP_OK)
		result = shop_client_req_completion_until(
			client, &order, completions, NULL, ump_after(SECOND), &id);
	if (result == UMP_OK)
		(void)ump_completions_cancel(completions, id);
	ump_completions_drop(&completions);
	return result;
}

/*@ requires usable: UMP_USABLE(client.untyped);
  @ assigns UMP_OWNERSHIP;
  @ ensures same: ump_owned == \old(ump_owned) && ump__one_is == \old(ump__one_is);
  @*/
static int buy(shop_client client, int article)
{
	struct order order = {article};
	int amount = 0;
	int result = shop_client_req(client, &order, &amount, UMP_FOREVER);

	return result != UMP_OK ? -1 : amount;
}

/*@ assigns *stdout; */
static void report(int number)
{
	printf("%d\n", number);
}

/*@ requires begin: UMP_RELEASED;
  @ ensures end: UMP_RELEASED;
  @*/
int main(void)
{
	struct prices first = {0}, second = {0};
	struct prices *selves[2] = {&first, &second};
	struct shop shop = {0};
	prices_workers workers = {NULL};
	shop_client client = {NULL};
	shop_thread thread = {NULL};

	/* The shop owns the client of the workers, which end when it drops that. */
	if (prices_spawn_workers(NULL, &price_handler, selves, 2, &shop.prices, &workers) != UMP_OK)
		return 1;
	if (shop_spawn_thread(NULL, &shop_handler, &shop, &client, &thread) == UMP_OK) {
		report(buy(client, 4));
		report(remind(client, true));
		report(repeat(client, SECOND));
		report(change_mind(client));
	}
	shop_client_drop(&client);
	shop_thread_drop(&thread);
	if (prices_workers_join(&workers, NULL, UMP_FOREVER) != UMP_OK)
		prices_workers_drop(&workers);
	return 0;
}
