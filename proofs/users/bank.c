/* SPDX-License-Identifier: 0BSD */
/*
 * A bank, whose handlers and main are proved with the contracts of ump_server/contracts.h: an
 * ordinary program of the typed layer.  A withdrawal may wait for a deposit: its context is kept.
 * A deposit carries a memo on the heap, and the bank keeps the newest one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ump_server/typed.h>

enum {
	ACCOUNTS = 8
};

struct withdraw {
	int account;
	int amount;
	bool patient;
};
struct balance {
	int account;
	int left;
};
struct deposit {
	int account;
	int amount;
	char *memo; /* has one owner */
	char teller[8];
};

/*@ UMP_MESSAGE(struct withdraw, msg, 0, 0 < msg->amount) */
/*@ UMP_MESSAGE(struct balance, reply, 0,
  @     0 <= reply->account < ACCOUNTS && 0 <= reply->left <= 1000000) */
/*@ UMP_MESSAGE(struct deposit, msg, UMP_AT(msg->memo),
  @     0 <= msg->account < ACCOUNTS && 0 < msg->amount <= 1000) */

#define BANK_CODES(code)                                                                           \
	code(BANK_UNKNOWN, 1, "there is no such account")                                          \
		code(BANK_TOO_LITTLE, 2, "the account has too little money")

UMP_TYPED(bank, struct withdraw, struct balance, struct deposit, BANK_CODES);

struct bank {
	int left[ACCOUNTS];
	char *memo;
	bank_reply_context waiting; /* a kept context, or none */
	int account;                /* of the withdrawal that waits */
	int amount;
};

/*@ UMP_SERVER(struct bank, self, a,
  @     (self->memo == \null ? 0 : 1) + (self->waiting.untyped == \null ? 0 : 1),
  @     a == UMP_AT(self->memo) || a == UMP_AT(self->waiting.untyped),
  @     (\forall integer i; 0 <= i < ACCOUNTS ==> 0 <= self->left[i] <= 1000000)
  @     && UMP_DISTINCT(self->memo, self->waiting.untyped) && UMP_KEPT(self->waiting)
  @     && (self->waiting.untyped != \null ==>
  @         0 <= self->account < ACCOUNTS && 0 < self->amount)) */

/*@ requires open: UMP_REQUEST(self, msg, rc);
  @ assigns UMP_ANSWER(rc), self->left[0 .. ACCOUNTS - 1], self->waiting, self->account,
  @     self->amount;
  @ ensures settled: UMP_SETTLED(rc);
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static struct ump_flow withdraw(
	struct bank *self, const struct withdraw *msg, bank_reply_context *rc)
{
	int account = msg->account, amount = msg->amount;

	if (account < 0 || account >= ACCOUNTS) {
		bank_reply_fail(rc, BANK_UNKNOWN);
	} else if (self->left[account] >= amount) {
		self->left[account] -= amount;
		struct balance balance = {account, self->left[account]};
		bank_reply(rc, &balance);
	} else if (msg->patient && self->waiting.untyped == NULL) {
		self->account = account;
		self->amount = amount;
		self->waiting = bank_reply_keep(rc);
	} else {
		bank_reply_fail(rc, BANK_TOO_LITTLE);
	}
	return ump_continue();
}

/*@ requires open: UMP_POST(self, msg);
  @ assigns self->left[0 .. ACCOUNTS - 1], self->memo, self->waiting.untyped, UMP_OWNERSHIP;
  @ ensures held: UMP_HELD(self);
  @ ensures counted: UMP_COUNTED(self);
  @ ensures sound: ump_sound(self);
  @*/
static struct ump_flow deposit(struct bank *self, const struct deposit *msg)
{
	free(self->memo);
	self->memo = msg->memo;
	if (self->left[msg->account] <= 1000000 - msg->amount)
		self->left[msg->account] += msg->amount;
	if (self->waiting.untyped != NULL && self->left[self->account] >= self->amount) {
		self->left[self->account] -= self->amount;
		struct balance balance = {self->account, self->left[self->account]};
		bank_reply(&self->waiting, &balance);
	}
	return ump_continue();
}

/*@ requires open: UMP_IDLE(self);
  @ assigns self->waiting.untyped, UMP_OWNERSHIP;
  @ ensures released: UMP_RELEASED;
  @*/
static void drop(struct bank *self)
{
	free(self->memo);
	bank_reply_drop(&self->waiting);
}

/*@ requires open: UMP_UNDELIVERED(value);
  @ assigns UMP_OWNERSHIP;
  @ ensures released: UMP_RELEASED;
  @*/
static void drop_deposit(struct deposit *value)
{
	free(value->memo);
}

UMP_TYPED_HANDLER(bank, handler, .request = withdraw, .post = deposit, .drop = drop,
	.drop_post = drop_deposit);

/*@ requires usable: UMP_USABLE(client.untyped);
  @ requires range: 0 <= account < ACCOUNTS && 0 < amount <= 1000;
  @ assigns UMP_OWNERSHIP;
  @ ensures same: ump_owned == \old(ump_owned) && ump__one_is == \old(ump__one_is);
  @*/
static int pay_in(bank_client client, int account, int amount)
{
	struct deposit deposit = {account, amount, strdup("a"), "main"};
	int result;

	if (deposit.memo == NULL)
		return UMP_NO_MEMORY;
	result = bank_client_post(client, &deposit);
	if (ump_sent_is_mine(result))
		free(deposit.memo);
	return result;
}

/*@ requires usable: UMP_USABLE(client.untyped);
  @ assigns UMP_OWNERSHIP;
  @ ensures same: ump_owned == \old(ump_owned) && ump__one_is == \old(ump__one_is);
  @*/
static int wait_for_money(bank_client client)
{
	static const int numbers[ACCOUNTS] = {100, 101, 102, 103, 104, 105, 106, 107};
	struct withdraw withdraw = {1, 50, true};
	struct balance balance = {0, 0};
	bank_wait_reply wait = {NULL};
	int result = bank_client_req_async(client, &withdraw, &wait);

	if (result != UMP_OK)
		return result;
	result = pay_in(client, 1, 80);
	if (result == UMP_OK)
		result = bank_wait_reply_wait(&wait, &balance, UMP_FOREVER);
	bank_wait_reply_drop(&wait);
	if (result != UMP_OK)
		return result;
	return numbers[balance.account] + balance.left;
}

/*@ requires usable: UMP_USABLE(client.untyped);
  @ assigns UMP_OWNERSHIP;
  @ ensures same: ump_owned == \old(ump_owned) && ump__one_is == \old(ump__one_is);
  @*/
static int take(bank_client client, int account, int amount)
{
	struct withdraw withdraw = {account, amount, false};
	struct balance balance = {0, 0};
	bank_client mine = {NULL};
	int result;

	if (amount <= 0)
		return UMP_INVALID;
	result = bank_client_clone(client, &mine);
	if (result == UMP_OK)
		result = bank_client_req(mine, &withdraw, &balance, ump_after(1000000000));
	bank_client_drop(&mine);
	return result != UMP_OK ? result : balance.left;
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
	struct bank bank = {0};
	bank_client client = {NULL};
	bank_thread thread = {NULL};
	struct ump_flow how;
	int result = bank_spawn_thread(NULL, &handler, &bank, &client, &thread);

	if (result != UMP_OK)
		return 1;
	report(wait_for_money(client));
	report(take(client, 1, 10));
	report(take(client, 1, 100));
	report(take(client, -1, 1));
	bank_client_drop(&client);
	if (bank_thread_join(&thread, &how, UMP_FOREVER) != UMP_OK)
		bank_thread_drop(&thread);
	return 0;
}
