/* SPDX-License-Identifier: 0BSD */
/*
 * Two accounts, each a server.  A transfer takes both: the handler of the paying account waits for
 * the other one.
 *
 * The mistake: of two transfers in opposite directions, one would wait for itself.  The library
 * returns UMP_DEADLOCK instead, and the handler has already withdrawn the money.
 *
 * Mended: the handler does not wait.  It posts the money, and a post cannot be lost.
 */
#include <assert.h>
#include <pthread.h>
#include <ump_server.h>

enum kind {
	TRANSFER,
	DEPOSIT,
	BALANCE
};

struct order {
	enum kind kind;
	int amount;
	const ump_client *other;
};

static struct account {
	int money;
	ump_client *client;
	ump_thread *thread;
} accounts[2] = {{.money = 100}, {.money = 100}};

#ifdef MENDED
static void pay(const ump_client *other, int amount)
{
	const struct order deposit = {.kind = DEPOSIT, .amount = amount};

	ump_client_post(other, &deposit);
}
#else
static void pay(const ump_client *other, int amount)
{
	const struct order deposit = {.kind = DEPOSIT, .amount = amount};
	int balance;

	ump_client_req(other, &deposit, &balance, UMP_FOREVER);
}
#endif

static struct ump_flow post(void *self, const void *msg)
{
	struct account *account = self;
	const struct order *order = msg;

	account->money += order->amount;
	return ump_continue();
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct account *account = self;
	const struct order *order = msg;

	if (order->kind == DEPOSIT)
		account->money += order->amount;
	if (order->kind == TRANSFER) {
		account->money -= order->amount;
		pay(order->other, order->amount);
	}
	ump_reply(rc, &account->money);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = request;
	out->post = post;
	return 0;
}

static int balance_of(const struct account *account)
{
	const struct order ask = {.kind = BALANCE};
	int balance = 0;

	ump_client_req(account->client, &ask, &balance, UMP_FOREVER);
	return balance;
}

static void transfer(const struct account *from, const struct account *to, int amount)
{
	const struct order order = {.kind = TRANSFER, .amount = amount, .other = to->client};
	int balance;

	ump_client_req(from->client, &order, &balance, UMP_FOREVER);
}

static void *customer(void *unused)
{
	transfer(&accounts[1], &accounts[0], 30);
	return unused;
}

int main(void)
{
	const struct ump_config config = {.request.size = sizeof(struct order),
		.reply.size = sizeof(int),
		.post.size = sizeof(struct order)};
	pthread_t thread;

	for (int i = 0; i < 2; i++)
		ump_spawn_thread(
			&config, build, &accounts[i], &accounts[i].client, &accounts[i].thread);
	pthread_create(&thread, NULL, customer, NULL);
	transfer(&accounts[0], &accounts[1], 10);
	pthread_join(thread, NULL);
	assert(balance_of(&accounts[0]) + balance_of(&accounts[1]) == 200);
	for (int i = 0; i < 2; i++) {
		ump_client_drop(&accounts[i].client);
		ump_thread_join(&accounts[i].thread, NULL, UMP_FOREVER);
	}
	return 0;
}
